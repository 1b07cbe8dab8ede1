package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;

/**
 * What runs in session mode, for those who ask. Names are not followed there: of a statement prepared earlier it is not
 * known what it is.
 */
final class UnmappedStatements {
    private boolean justParsed;

    void note(BackendConnection backend, byte type, ByteBuf in, MessageText text) {
        if (type == FrontendType.PARSE) {
            if (text.sqlAt() > 0) {
                backend.running().passing(in, text.sqlAt(), text.sqlLimit(), text.sqlEnd() >= 0);
            }
            justParsed = true;
        } else if (type == FrontendType.BIND) {
            if (!justParsed) {
                backend.running().clear();
            }
            justParsed = false;
        }
    }
}
