package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.backend.BackendConnection;

/** What runs on a backend for its client, and what ends it beside a CancelRequest. On the session's loop. */
final class RunningWork {
    private RunningWork() {}

    /** Whether a cancel request would meet something of the client's own. */
    static boolean runs(BackendConnection backend, boolean unitOpen) {
        return backend.ledger().unansweredUnits() > 0
                || (unitOpen && backend.ledger().size() > 0);
    }

    /** A COPY that is being fed ends with an error; PostgreSQL heeds no cancel request while it waits for data. */
    static void failCopyIn(BackendConnection backend) {
        if (backend.ledger().isCopyingIn()) {
            FrontendWriter.copyFail(backend.toServer().append(), "canceled by pgweir");
            backend.flush();
        }
    }
}
