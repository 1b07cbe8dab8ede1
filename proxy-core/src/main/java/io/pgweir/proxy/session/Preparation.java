package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import org.jspecify.annotations.Nullable;

/**
 * What pgweir puts in front of a client's own work, or behind it, so that a backend is one client's alone. If it fails, nobody knows whose the
 * backend is, and nobody gets it any more, whether the client is still there or not.
 */
record Preparation(BackendConnection backend, InternalReply then) implements InternalReply {
    @Override
    public void done(@Nullable ErrorFields error) {
        if (error != null) {
            backend.doubt();
        }
        then.done(error);
    }
}
