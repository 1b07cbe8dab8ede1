package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.NO_MATCH;
import static io.pgweir.protocol.sql.SqlLexer.accept;

import io.netty.buffer.ByteBuf;

/** The transaction modes of BEGIN, START TRANSACTION and SET TRANSACTION, separated by commas or nothing. */
final class TransactionModes {
    private TransactionModes() {}

    /** Behind WORK or TRANSACTION, if one of them comes. */
    static int skipNoise(ByteBuf sql, int from, int to) {
        int end = accept(sql, from, to, Keyword.WORK, Keyword.TRANSACTION);
        return end >= 0 ? end : from;
    }

    /** The end of the list of at least one mode, or {@link SqlLexer#NO_MATCH}. */
    static int end(ByteBuf sql, int from, int to) {
        int end = mode(sql, from, to);
        while (end >= 0) {
            int comma = accept(sql, end, to, ',');
            int more = mode(sql, comma >= 0 ? comma : end, to);
            if (more < 0) {
                return end; // a comma without a mode is not part of the list
            }
            end = more;
        }
        return NO_MATCH;
    }

    private static int mode(ByteBuf sql, int from, int to) {
        int read = accept(sql, from, to, Keyword.READ);
        if (read >= 0) {
            return accept(sql, read, to, Keyword.ONLY, Keyword.WRITE);
        }
        int isolation = accept(sql, from, to, Keyword.ISOLATION);
        if (isolation >= 0) {
            return level(sql, accept(sql, isolation, to, Keyword.LEVEL), to);
        }
        int not = accept(sql, from, to, Keyword.NOT);
        return accept(sql, not >= 0 ? not : from, to, Keyword.DEFERRABLE);
    }

    private static int level(ByteBuf sql, int from, int to) {
        int read = accept(sql, from, to, Keyword.READ);
        if (read >= 0) {
            return accept(sql, read, to, Keyword.COMMITTED, Keyword.UNCOMMITTED);
        }
        int repeatable = accept(sql, from, to, Keyword.REPEATABLE);
        return repeatable >= 0
                ? accept(sql, repeatable, to, Keyword.READ)
                : accept(sql, from, to, Keyword.SERIALIZABLE);
    }
}
