package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.accept;
import static io.pgweir.protocol.sql.SqlLexer.skipBlank;

import io.netty.buffer.ByteBuf;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions about SQL text without parsing it. Positions are absolute indexes into the buffer, whose own indexes
 * stay as they are; {@code to} is exclusive and leaves out the terminating zero. Text is in an encoding that PostgreSQL
 * allows on servers, where bytes below 0x80 are ASCII.
 *
 * <p>No method throws on any bytes, all take linear time, and all but those that give a name allocate nothing. The first
 * statement is the first that is not empty. The questions "is it exactly ...?" are answered yes only if the text is one
 * complete, correct statement of that form, followed by nothing but white space, comments and semicolons.
 *
 * <p>A semicolon does not end a statement inside parentheses (CREATE RULE) and inside the BEGIN ATOMIC body of a function
 * or procedure. Where strings matter, the flag {@code standardStrings} is the session's standard_conforming_strings;
 * methods without it assume {@code on}, PostgreSQL's default.
 */
public final class SqlScanner {
    /** What {@link #deallocateTarget} gives for ALL. No name can equal it, as names hold no zero. */
    public static final String ALL = "\0ALL";

    private SqlScanner() {}

    /** The kind of the first statement. */
    public static StatementKind classify(ByteBuf sql, int from, int to) {
        return StatementClassifier.classify(sql, firstStatement(sql, from, to), to);
    }

    /**
     * The kind of the only statement, if a short look shows that it does nothing to its session ({@link SessionEffect}),
     * whatever the session's settings; else null, which means nothing.
     */
    public static @Nullable StatementKind bareKind(ByteBuf sql, int from, int to) {
        return BareText.kind(sql, from, to);
    }

    public static int endOfFirstStatement(ByteBuf sql, int from, int to) {
        return endOfFirstStatement(sql, from, to, true);
    }

    /** The index of the semicolon that ends the first statement, or {@code to} if none does. */
    public static int endOfFirstStatement(ByteBuf sql, int from, int to, boolean standardStrings) {
        return StatementEnd.find(sql, firstStatement(sql, from, to), to, standardStrings);
    }

    public static boolean isSingleStatement(ByteBuf sql, int from, int to) {
        return isSingleStatement(sql, from, to, true);
    }

    /** Whether there is at most one statement that is not empty. */
    public static boolean isSingleStatement(ByteBuf sql, int from, int to, boolean standardStrings) {
        return isEnd(sql, endOfFirstStatement(sql, from, to, standardStrings), to);
    }

    /**
     * Whether it is exactly {@code BEGIN [WORK | TRANSACTION] [modes]} or {@code START TRANSACTION [modes]}, and so may be
     * answered before a server has seen it. Modes are ISOLATION LEVEL, READ ONLY, READ WRITE and [NOT] DEFERRABLE.
     */
    public static boolean isDeferrableBegin(ByteBuf sql, int from, int to) {
        int at = firstStatement(sql, from, to);
        int begin = accept(sql, at, to, Keyword.BEGIN);
        if (begin >= 0) {
            begin = TransactionModes.skipNoise(sql, begin, to);
        } else {
            begin = accept(sql, accept(sql, at, to, Keyword.START), to, Keyword.TRANSACTION);
        }
        int modes = TransactionModes.end(sql, begin, to);
        return isEnd(sql, modes >= 0 ? modes : begin, to);
    }

    /** Whether the first statement begins with START TRANSACTION, whose command tag differs from that of BEGIN. */
    public static boolean isStartTransaction(ByteBuf sql, int from, int to) {
        int start = accept(sql, firstStatement(sql, from, to), to, Keyword.START);
        return accept(sql, start, to, Keyword.TRANSACTION) >= 0;
    }

    /** Whether it is exactly {@code SET TRANSACTION modes}, with the modes of {@link #isDeferrableBegin}. */
    public static boolean isDeferrableSetTransaction(ByteBuf sql, int from, int to) {
        int set = accept(sql, firstStatement(sql, from, to), to, Keyword.SET);
        return isEnd(sql, TransactionModes.end(sql, accept(sql, set, to, Keyword.TRANSACTION), to), to);
    }

    /** Whether it is exactly {@code {COMMIT | END} [WORK | TRANSACTION]}. */
    public static boolean isPlainCommit(ByteBuf sql, int from, int to) {
        return isPlainEnd(sql, from, to, Keyword.COMMIT, Keyword.END);
    }

    /** Whether it is exactly {@code {ROLLBACK | ABORT} [WORK | TRANSACTION]}. */
    public static boolean isPlainRollback(ByteBuf sql, int from, int to) {
        return isPlainEnd(sql, from, to, Keyword.ROLLBACK, Keyword.ABORT);
    }

    private static boolean isPlainEnd(ByteBuf sql, int from, int to, Keyword one, Keyword other) {
        int verb = accept(sql, firstStatement(sql, from, to), to, one, other);
        return verb >= 0 && isEnd(sql, TransactionModes.skipNoise(sql, verb, to), to);
    }

    /**
     * The name in {@code DEALLOCATE [PREPARE] name}, folded and cut as PostgreSQL does, or {@link #ALL}; null if it is not
     * exactly that. Names of the {@code U&"..."} form give null too. Reserved words count as names.
     */
    public static @Nullable String deallocateTarget(ByteBuf sql, int from, int to) {
        int verb = accept(sql, firstStatement(sql, from, to), to, Keyword.DEALLOCATE);
        if (verb < 0) {
            return null;
        }
        int noise = accept(sql, verb, to, Keyword.PREPARE);
        // PREPARE alone is a name.
        int target = skipBlank(sql, noise >= 0 && !isEnd(sql, noise, to) ? noise : verb, to);
        if (target == to) {
            return null;
        }
        int end = SqlLexer.tokenEnd(sql, target, to, true);
        if (!isEnd(sql, end, to)) {
            return null;
        }
        return Keyword.at(sql, target, end) == Keyword.ALL ? ALL : Identifier.read(sql, target, end);
    }

    /** Whether it is exactly {@code DISCARD ALL}. */
    public static boolean isDiscardAll(ByteBuf sql, int from, int to) {
        return discardTarget(sql, from, to) == DiscardTarget.ALL;
    }

    /** What DISCARD discards; null if it is not exactly that. */
    public static @Nullable DiscardTarget discardTarget(ByteBuf sql, int from, int to) {
        int verb = accept(sql, firstStatement(sql, from, to), to, Keyword.DISCARD);
        if (verb < 0) {
            return null;
        }
        if (isEnd(sql, accept(sql, verb, to, Keyword.ALL), to)) {
            return DiscardTarget.ALL;
        }
        if (isEnd(sql, accept(sql, verb, to, Keyword.PLANS), to)) {
            return DiscardTarget.PLANS;
        }
        if (isEnd(sql, accept(sql, verb, to, Keyword.SEQUENCES), to)) {
            return DiscardTarget.SEQUENCES;
        }
        return isEnd(sql, accept(sql, verb, to, Keyword.TEMP, Keyword.TEMPORARY), to) ? DiscardTarget.TEMP : null;
    }

    /** The settings that a text resets and does not set again, {@code all} for RESET ALL; for {@link SessionEffect#RESET}. */
    public static Set<String> resetSettings(ByteBuf sql, int from, int to, boolean standardStrings) {
        return SessionEffectReader.resets(sql, from, to, standardStrings);
    }

    /** The names with a dot that a text sets or resets, in lower case; for {@link SessionEffect#CUSTOM_SETTING}. */
    public static Set<String> customSettings(ByteBuf sql, int from, int to, boolean standardStrings) {
        Set<String> names = new TreeSet<>();
        new SessionEffectReader().read(sql, from, to, standardStrings, names);
        return names;
    }

    public static @Nullable SettingChange settingChange(ByteBuf sql, int from, int to) {
        return settingChange(sql, from, to, true);
    }

    /** What a SET or RESET changes; null if it is not exactly that. */
    public static @Nullable SettingChange settingChange(ByteBuf sql, int from, int to, boolean standardStrings) {
        int start = firstStatement(sql, from, to);
        Keyword verb = SqlLexer.keyword(sql, start, to);
        if (verb != Keyword.SET && verb != Keyword.RESET) {
            return null;
        }
        int end = StatementEnd.find(sql, start, to, standardStrings);
        return isEnd(sql, end, to) ? SettingReader.read(sql, start, end) : null;
    }

    /**
     * Whether more than one statement may be there: false only if there is at most one. Looks for semicolons and nothing
     * else, so it costs next to nothing.
     */
    public static boolean mayBeSeveral(ByteBuf sql, int from, int to) {
        int semicolon = sql.indexOf(from, to, (byte) ';');
        return semicolon >= 0 && !isEnd(sql, semicolon + 1, to);
    }

    /** How many statements that are not empty there are. */
    public static int count(ByteBuf sql, int from, int to) {
        int count = 0;
        for (int at = firstStatement(sql, from, to); at < to; at = firstStatement(sql, at, to)) {
            count++;
            at = StatementEnd.find(sql, at, to, true);
        }
        return count;
    }

    /** Whether one of the statements, the first or not, is COMMIT, PREPARE TRANSACTION or COMMIT PREPARED. */
    public static boolean mayCommit(ByteBuf sql, int from, int to, boolean standardStrings) {
        for (int at = firstStatement(sql, from, to); at < to; at = firstStatement(sql, at, to)) {
            switch (StatementClassifier.classify(sql, at, to)) {
                case COMMIT, PREPARE_TRANSACTION, COMMIT_PREPARED -> {
                    return true;
                }
                default -> at = StatementEnd.find(sql, at, to, standardStrings);
            }
        }
        return false;
    }

    /** Whether {@link #prefixedSetting} may find one at the beginning; by the first letters, for every statement. */
    public static boolean mayBeginWithSetting(ByteBuf sql, int from, int to) {
        return PrefixedSettingReader.mayBegin(sql, firstStatement(sql, from, to), to);
    }

    /**
     * The SET, RESET or SHOW of a setting whose name begins with {@code prefix} (in lower case, with its dot); null if
     * there is none, also not among several statements. Of the text's own quoting rules only those of
     * standard_conforming_strings matter.
     */
    public static @Nullable PrefixedSetting prefixedSetting(ByteBuf sql, int from, int to, String prefix) {
        int start = firstStatement(sql, from, to);
        for (int at = start; at < to; at = firstStatement(sql, at, to)) {
            int end = StatementEnd.find(sql, at, to, true);
            PrefixedSetting found = PrefixedSettingReader.mayBegin(sql, at, to)
                    ? PrefixedSettingReader.read(sql, at, end, prefix)
                    : null;
            if (found != null) {
                boolean alone = at == start && isEnd(sql, end, to);
                return alone ? found : new PrefixedSetting(PrefixedSetting.Kind.NOT_ALONE, found.name(), null);
            }
            at = end;
        }
        return null;
    }

    /** Where the first statement that is not empty starts, or {@code to}. */
    static int firstStatement(ByteBuf sql, int from, int to) {
        int at = skipBlank(sql, from, to);
        while (at < to && sql.getByte(at) == ';') {
            at = skipBlank(sql, at + 1, to);
        }
        return at;
    }

    /** Whether no further statement follows; false for {@link SqlLexer#NO_MATCH}. */
    private static boolean isEnd(ByteBuf sql, int at, int to) {
        return at >= 0 && firstStatement(sql, at, to) == to;
    }
}
