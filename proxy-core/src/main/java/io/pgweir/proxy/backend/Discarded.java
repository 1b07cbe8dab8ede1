package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** What a command has taken from the session it ran in. */
enum Discarded {
    NOTHING,
    /** Every prepared statement. */
    STATEMENTS,
    /** Those, and every setting. */
    EVERYTHING;

    /** By the command's tag, which lies in {@code in} with a zero behind it. */
    static Discarded by(ByteBuf in, int at, int length) {
        if (length <= 7 || in.getByte(at) != 'D') {
            return NOTHING;
        }
        byte second = in.getByte(at + 1);
        if (second != 'I' && (second != 'E' || in.getByte(at + 2) != 'A')) {
            return NOTHING;
        }
        return switch (in.toString(at, length - 1, StandardCharsets.US_ASCII)) {
            case "DISCARD ALL" -> EVERYTHING;
            case "DEALLOCATE ALL" -> STATEMENTS;
            default -> NOTHING;
        };
    }
}
