package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.NO_MATCH;
import static io.pgweir.protocol.sql.SqlLexer.accept;
import static io.pgweir.protocol.sql.SqlLexer.skipBlank;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.PrefixedSetting.Kind;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads a {@link PrefixedSetting} (manual pages SET, RESET, SHOW). */
final class PrefixedSettingReader {
    private PrefixedSettingReader() {}

    /**
     * Whether a statement can be one, by its first letters: cheap enough for every statement.
     *
     * @param at where its first token is, or {@code to}
     */
    static boolean mayBegin(ByteBuf sql, int at, int to) {
        if (to - at < 4) {
            return false;
        }
        int first = sql.getByte(at) | 0x20;
        int second = sql.getByte(at + 1) | 0x20;
        int third = sql.getByte(at + 2) | 0x20;
        return switch (first) {
            case 's' -> (second == 'e' && third == 't') || (second == 'h' && third == 'o');
            case 'r' -> second == 'e' && third == 's';
            default -> false;
        };
    }

    /**
     * @param end the end of the statement, without its semicolon
     * @return null if it concerns no setting with this prefix
     */
    static @Nullable PrefixedSetting read(ByteBuf sql, int from, int end, String prefix) {
        Kind kind;
        int at = accept(sql, from, end, Keyword.SET);
        if (at >= 0) {
            int local = scope(sql, at, end, Keyword.LOCAL);
            int session = scope(sql, at, end, Keyword.SESSION);
            kind = local >= 0 ? Kind.SET_LOCAL : Kind.SET;
            at = local >= 0 ? local : session >= 0 ? session : at;
        } else {
            at = accept(sql, from, end, Keyword.RESET);
            kind = at >= 0 ? Kind.RESET : Kind.SHOW;
            at = at >= 0 ? at : accept(sql, from, end, Keyword.SHOW);
        }
        StringBuilder name = new StringBuilder();
        int behind = at < 0 ? NO_MATCH : SettingReader.variable(sql, at, end, name);
        if (name.indexOf(prefix) != 0) {
            return null;
        }
        String rest = name.substring(prefix.length());
        if (behind < 0) {
            return new PrefixedSetting(Kind.MALFORMED, rest, null);
        }
        if (kind == Kind.RESET || kind == Kind.SHOW) {
            return new PrefixedSetting(skipBlank(sql, behind, end) == end ? kind : Kind.MALFORMED, rest, null);
        }
        int equals = accept(sql, behind, end, '=');
        int value = equals >= 0 ? equals : accept(sql, behind, end, Keyword.TO);
        return value < 0 ? new PrefixedSetting(Kind.MALFORMED, rest, null) : withValue(sql, value, end, kind, rest);
    }

    private static int scope(ByteBuf sql, int at, int end, Keyword keyword) {
        int behind = accept(sql, at, end, keyword);
        return behind >= 0 && !SettingReader.isAssignment(sql, behind, end) ? behind : NO_MATCH;
    }

    /** A quoted text, or a bare word or number; {@code 5s} without quotes is more than PostgreSQL itself would take. */
    private static PrefixedSetting withValue(ByteBuf sql, int from, int end, Kind kind, String name) {
        int at = skipBlank(sql, from, end);
        int stop = at;
        StringBuilder value = new StringBuilder();
        if (at < end && sql.getByte(at) == '\'') {
            stop = SqlLexer.tokenEnd(sql, at, end, true);
            boolean closed = stop - at >= 2 && sql.getByte(stop - 1) == '\'';
            String quoted = closed ? sql.toString(at + 1, stop - at - 2, StandardCharsets.UTF_8) : "";
            value.append(quoted.replace("''", "'"));
            if (!closed) {
                stop = at;
            }
        } else {
            while (stop < end && isBare(sql.getByte(stop))) {
                value.append((char) sql.getByte(stop++));
            }
        }
        if (stop == at || skipBlank(sql, stop, end) != end) {
            return new PrefixedSetting(Kind.MALFORMED, name, null);
        }
        boolean isDefault = sql.getByte(at) != '\'' && value.toString().equalsIgnoreCase("default");
        return new PrefixedSetting(kind, name, isDefault ? null : value.toString());
    }

    private static boolean isBare(byte c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '.'
                || c == '-'
                || c == '+';
    }
}
