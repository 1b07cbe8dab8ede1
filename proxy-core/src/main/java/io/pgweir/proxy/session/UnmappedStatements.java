package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;

/**
 * What runs in session mode, for those who ask. Names are not followed there: of a statement prepared earlier it is not
 * known what it is.
 */
final class UnmappedStatements {
    private boolean justParsed;

    void note(BackendConnection backend, byte type, ByteBuf in, int at, int length, int available) {
        if (type == FrontendType.PARSE) {
            int end = at + available;
            int text = MessageText.terminator(in, at + FrameScanner.HEADER, end) + 1;
            int textEnd = text == 0 ? -1 : MessageText.terminator(in, text, end);
            if (text > 0) {
                backend.running().passing(in, text, textEnd < 0 ? end : textEnd, textEnd >= 0);
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
