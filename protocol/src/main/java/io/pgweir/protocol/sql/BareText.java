package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the many texts that need no second look, eight bytes at a time: one statement that begins with SELECT, UPDATE or
 * DELETE, without a parenthesis (it calls nothing and holds no other), without a semicolon but at its end, and without INTO.
 * What stands in strings and comments counts like everything else, so it does not matter where those end.
 */
final class BareText {
    private static final int WINDOW = Long.BYTES;
    /** Windows overlap by this much, so that each {@code nto} lies within one. */
    private static final int OVERLAP = 2;

    private static final long LOW_BITS = 0x0101010101010101L;
    private static final long HIGH_BITS = LOW_BITS << 7;
    /** Makes capitals small, and no letter of any other byte. */
    private static final long SMALL = ' ' * LOW_BITS;

    private static final long SELECT = 0x73656c656374L;
    private static final long UPDATE = 0x757064617465L;
    private static final long DELETE = 0x64656c657465L;
    private static final int VERB = 6;

    private BareText() {}

    /** The statement's kind, or null if it is not bare, or cannot be seen to be. */
    static @Nullable StatementKind kind(ByteBuf sql, int from, int to) {
        if (to - from <= WINDOW || !SqlLexer.isSpace(sql.getByte(from + VERB))) {
            return null;
        }
        long verb = (sql.getLong(from) | SMALL) >>> 8 * (WINDOW - VERB);
        if (verb == SELECT) {
            return hasNothing(sql, from, to) ? StatementKind.SELECT : null;
        } else if (verb == UPDATE) {
            return hasNothing(sql, from, to) ? StatementKind.UPDATE : null;
        }
        return verb == DELETE && hasNothing(sql, from, to) ? StatementKind.DELETE : null;
    }

    private static boolean hasNothing(ByteBuf sql, int from, int to) {
        int end = sql.getByte(to - 1) == ';' ? to - 1 : to;
        int last = end - WINDOW;
        long found = 0;
        for (int at = from; at < last; at += WINDOW - OVERLAP) {
            found |= suspicious(sql.getLong(at));
        }
        return (found | suspicious(sql.getLong(last))) == 0;
    }

    /** Not 0 if there is a parenthesis, a semicolon or {@code nto}; perhaps also without. */
    private static long suspicious(long window) {
        long small = window | SMALL;
        long nto = zeros(small ^ 'n' * LOW_BITS)
                & zeros(small ^ 't' * LOW_BITS) << 8
                & zeros(small ^ 'o' * LOW_BITS) << 16;
        return nto | zeros(window ^ '(' * LOW_BITS) | zeros(window ^ ';' * LOW_BITS);
    }

    /** The high bit of every byte that is 0, and perhaps of others in front of one. */
    private static long zeros(long bytes) {
        return (bytes - LOW_BITS) & ~bytes & HIGH_BITS;
    }
}
