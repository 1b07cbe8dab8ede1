package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.accept;
import static io.pgweir.protocol.sql.SqlLexer.skipBlank;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.ChannelAction.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what a text does to the channels its session listens on (manual pages LISTEN, UNLISTEN, SAVEPOINT). */
public final class ChannelActions {
    private ChannelActions() {}

    /**
     * The actions of all statements in order; null if one of them names its channel or savepoint in a form that is not
     * understood here ({@code U&"..."}, bytes that are not UTF-8). Linear time. Positions as in {@link SqlScanner}.
     *
     * @param standardStrings the session's standard_conforming_strings
     */
    public static @Nullable List<ChannelAction> of(ByteBuf sql, int from, int to, boolean standardStrings) {
        List<ChannelAction> actions = new ArrayList<>(1);
        int at = SqlScanner.firstStatement(sql, from, to);
        while (at < to) {
            int end = StatementEnd.find(sql, at, to, standardStrings);
            Kind kind = kind(StatementClassifier.classify(sql, at, end));
            if (kind != null) {
                ChannelAction action = read(kind, sql, at, end);
                if (action == null) {
                    return null;
                }
                actions.add(action);
            }
            at = SqlScanner.firstStatement(sql, end, to);
        }
        return actions;
    }

    private static @Nullable Kind kind(StatementKind statement) {
        return switch (statement) {
            case LISTEN -> Kind.LISTEN;
            case UNLISTEN -> Kind.UNLISTEN;
            case SAVEPOINT -> Kind.SAVEPOINT;
            case RELEASE -> Kind.RELEASE;
            case ROLLBACK_TO -> Kind.ROLLBACK_TO;
            case ROLLBACK -> Kind.ROLLBACK;
            case COMMIT -> Kind.COMMIT;
            default -> null;
        };
    }

    private static @Nullable ChannelAction read(Kind kind, ByteBuf sql, int from, int end) {
        int verb = SqlLexer.wordEnd(sql, from, end);
        switch (kind) {
            case LISTEN, SAVEPOINT:
                return named(kind, sql, verb, end);
            case UNLISTEN:
                boolean all = accept(sql, verb, end, '*') >= 0;
                return all ? new ChannelAction(Kind.UNLISTEN_ALL, "") : named(kind, sql, verb, end);
            case RELEASE:
                return named(kind, sql, behindNoise(sql, verb, end), end);
            case ROLLBACK_TO:
                int to = accept(sql, TransactionModes.skipNoise(sql, verb, end), end, Keyword.TO);
                return named(kind, sql, behindNoise(sql, to, end), end);
            default:
                return new ChannelAction(kind, "");
        }
    }

    /** Behind the word SAVEPOINT, unless that is the name itself. */
    private static int behindNoise(ByteBuf sql, int at, int end) {
        int noise = accept(sql, at, end, Keyword.SAVEPOINT);
        return noise >= 0 && skipBlank(sql, noise, end) < end ? noise : at;
    }

    /** What follows the name is a syntax error, which PostgreSQL reports. */
    private static @Nullable ChannelAction named(Kind kind, ByteBuf sql, int from, int end) {
        int at = skipBlank(sql, from, end);
        if (at == end) {
            return new ChannelAction(kind, "");
        }
        int nameEnd = SqlLexer.tokenEnd(sql, at, end, true);
        boolean escaped = SqlLexer.isByte(sql, nameEnd, end, '&') && (sql.getByte(at) | 0x20) == 'u';
        String name = escaped ? null : Identifier.read(sql, at, nameEnd);
        return name == null ? null : new ChannelAction(kind, name);
    }
}
