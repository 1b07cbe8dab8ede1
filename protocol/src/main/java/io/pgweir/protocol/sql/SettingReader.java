package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.NO_MATCH;
import static io.pgweir.protocol.sql.SqlLexer.accept;
import static io.pgweir.protocol.sql.SqlLexer.skipBlank;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SettingChange.Kind;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads one SET or RESET (manual pages SET, SET TRANSACTION, SET CONSTRAINTS, SET ROLE, RESET). */
final class SettingReader {
    private SettingReader() {}

    /**
     * @param to the end of the statement, without its semicolon
     * @return null if it is not a correct SET or RESET; values are not checked, only that there is one
     */
    static @Nullable SettingChange read(ByteBuf sql, int from, int to) {
        int set = accept(sql, from, to, Keyword.SET);
        if (set >= 0) {
            return set(sql, set, to);
        }
        int reset = accept(sql, from, to, Keyword.RESET);
        return reset >= 0 ? reset(sql, reset, to) : null;
    }

    /** Whether this SET, which has been read, gives the default value: DEFAULT, or LOCAL as a time zone, is its last word. */
    static boolean isToDefault(ByteBuf sql, int from, int to) {
        int last = NO_MATCH;
        for (int at = skipBlank(sql, from, to); at < to; ) {
            last = at;
            at = skipBlank(sql, SqlLexer.tokenEnd(sql, at, to, true), to);
        }
        Keyword word = last < 0 ? null : SqlLexer.keyword(sql, last, to);
        return word == Keyword.DEFAULT || word == Keyword.LOCAL || word == Keyword.NAMES;
    }

    /** Whether the word before {@code at} is a parameter name, not a keyword of SET's special forms. */
    static boolean isAssignment(ByteBuf sql, int at, int to) {
        return accept(sql, at, to, '=') >= 0
                || accept(sql, at, to, '.') >= 0
                || accept(sql, at, to, Keyword.TO, Keyword.FROM) >= 0;
    }

    /** The end of a keyword, unless it is a parameter name here. */
    private static int form(ByteBuf sql, int at, int to, Keyword keyword) {
        int end = accept(sql, at, to, keyword);
        return end >= 0 && !isAssignment(sql, end, to) ? end : NO_MATCH;
    }

    private static @Nullable SettingChange set(ByteBuf sql, int at, int to) {
        int constraints = form(sql, at, to, Keyword.CONSTRAINTS);
        if (constraints >= 0) {
            return given(sql, constraints, to, Kind.OTHER, "constraints");
        }
        int local = form(sql, at, to, Keyword.LOCAL);
        if (local >= 0) {
            return scoped(sql, local, to, Kind.SET_LOCAL);
        }
        int session = form(sql, at, to, Keyword.SESSION);
        boolean scope = session >= 0 && accept(sql, session, to, Keyword.AUTHORIZATION, Keyword.CHARACTERISTICS) < 0;
        return scoped(sql, scope ? session : at, to, Kind.SET);
    }

    private static @Nullable SettingChange scoped(ByteBuf sql, int at, int to, Kind kind) {
        int session = form(sql, at, to, Keyword.SESSION);
        int authorization = accept(sql, session, to, Keyword.AUTHORIZATION);
        if (authorization >= 0) {
            return given(sql, authorization, to, kind, "session_authorization");
        }
        int characteristics = accept(sql, session, to, Keyword.CHARACTERISTICS);
        if (characteristics >= 0) {
            int as = accept(sql, characteristics, to, Keyword.AS);
            int modes = TransactionModes.end(sql, accept(sql, as, to, Keyword.TRANSACTION), to);
            return complete(sql, modes, to, Kind.OTHER, "session characteristics");
        }
        int transaction = form(sql, at, to, Keyword.TRANSACTION);
        if (transaction >= 0) {
            int snapshot = accept(sql, transaction, to, Keyword.SNAPSHOT);
            return snapshot >= 0
                    ? given(sql, snapshot, to, Kind.OTHER, "transaction")
                    : complete(sql, TransactionModes.end(sql, transaction, to), to, Kind.OTHER, "transaction");
        }
        return named(sql, at, to, kind);
    }

    private static @Nullable SettingChange named(ByteBuf sql, int at, int to, Kind kind) {
        int zone = accept(sql, accept(sql, at, to, Keyword.TIME), to, Keyword.ZONE);
        if (zone >= 0) {
            return given(sql, zone, to, kind, "timezone");
        }
        int names = form(sql, at, to, Keyword.NAMES);
        if (names >= 0) {
            return new SettingChange(kind, "client_encoding"); // without a value: the default
        }
        int role = form(sql, at, to, Keyword.ROLE);
        if (role >= 0) {
            return given(sql, role, to, kind, "role");
        }
        int schema = form(sql, at, to, Keyword.SCHEMA);
        if (schema >= 0) {
            return given(sql, schema, to, kind, "search_path");
        }
        int option = accept(sql, accept(sql, at, to, Keyword.XML), to, Keyword.OPTION);
        if (option >= 0) {
            return given(sql, option, to, kind, "xmloption");
        }
        StringBuilder name = new StringBuilder();
        int end = variable(sql, at, to, name);
        int from = accept(sql, end, to, Keyword.FROM);
        if (from >= 0) {
            return complete(sql, accept(sql, from, to, Keyword.CURRENT), to, kind, name.toString());
        }
        int equals = accept(sql, end, to, '=');
        return given(sql, equals >= 0 ? equals : accept(sql, end, to, Keyword.TO), to, kind, name.toString());
    }

    private static @Nullable SettingChange reset(ByteBuf sql, int at, int to) {
        int all = accept(sql, at, to, Keyword.ALL);
        if (all >= 0) {
            return complete(sql, all, to, Kind.RESET_ALL, "all");
        }
        int zone = accept(sql, accept(sql, at, to, Keyword.TIME), to, Keyword.ZONE);
        if (zone >= 0) {
            return complete(sql, zone, to, Kind.RESET, "timezone");
        }
        int authorization = accept(sql, accept(sql, at, to, Keyword.SESSION), to, Keyword.AUTHORIZATION);
        if (authorization >= 0) {
            return complete(sql, authorization, to, Kind.RESET, "session_authorization");
        }
        int isolation = accept(sql, accept(sql, at, to, Keyword.TRANSACTION), to, Keyword.ISOLATION);
        if (isolation >= 0) {
            return complete(sql, accept(sql, isolation, to, Keyword.LEVEL), to, Kind.RESET, "transaction_isolation");
        }
        StringBuilder name = new StringBuilder();
        return complete(sql, variable(sql, at, to, name), to, Kind.RESET, name.toString());
    }

    /** Appends a parameter name, dots included, in lower case, as parameters have no case even in quotes. */
    static int variable(ByteBuf sql, int from, int to, StringBuilder name) {
        int next = from;
        int end = NO_MATCH;
        while (next >= 0) {
            int at = skipBlank(sql, next, to);
            if (at == to) {
                return NO_MATCH;
            }
            end = SqlLexer.tokenEnd(sql, at, to, true);
            String part = Identifier.read(sql, at, end);
            if (part == null) {
                return NO_MATCH;
            }
            name.append(part.toLowerCase(Locale.ROOT));
            next = accept(sql, end, to, '.');
            if (next >= 0) {
                name.append('.');
            }
        }
        return end;
    }

    /** Something has to follow. */
    private static @Nullable SettingChange given(ByteBuf sql, int at, int to, Kind kind, String name) {
        return at >= 0 && skipBlank(sql, at, to) < to ? new SettingChange(kind, name) : null;
    }

    /** Nothing may follow. */
    private static @Nullable SettingChange complete(ByteBuf sql, int at, int to, Kind kind, String name) {
        return at >= 0 && skipBlank(sql, at, to) == to ? new SettingChange(kind, name) : null;
    }
}
