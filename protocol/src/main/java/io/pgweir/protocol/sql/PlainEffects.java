package io.pgweir.protocol.sql;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * {@link SessionEffectReader} for plain text, which nearly all is, at a fifth of the cost: one pass over an array that cuts
 * text as {@link SqlLexer} does and judges words as the reader does. Whatever needs more than that is not plain: first words
 * other than those below, INTO without INSERT, set_config, dollar quotes, strings with a prefix or with backslashes that
 * escape, comments within comments or without an end.
 */
final class PlainEffects {
    static final int NOT_PLAIN = -1;

    private static final byte[] CLASSES = new byte[256];
    private static final byte SYMBOL = 0;
    private static final byte QUOTE = 1;
    private static final byte WORD_PART = 2;
    private static final byte WORD = 2;
    private static final byte DIGIT = 3;
    private static final byte DOLLAR = 4;

    private static final byte[] CATALOG = SessionEffectReader.PG_CATALOG;

    /** Longest word that has its letters in a long. */
    private static final int LONGEST_WORD = 8;

    // What a word means for those behind it.
    /** A table's name follows, not a function's. */
    private static final int BEFORE_TABLE = 1;

    private static final int INSERTS = 2;
    private static final int INTO = 4;

    // Constants of the code, not of tables, which would have left the cache from one statement to the next.
    private static final long SELECT = letters(Keyword.SELECT);
    private static final long INSERT_LETTERS = letters(Keyword.INSERT);
    private static final long INTO_LETTERS = letters(Keyword.INTO);
    private static final long AS_LETTERS = letters(Keyword.AS);
    private static final long TABLE_LETTERS = letters(Keyword.TABLE);
    private static final long MERGE_LETTERS = letters(Keyword.MERGE);

    /** Other words that may be first and do nothing to the session there. */
    private static final long[] VERBS = Stream.of(
                    Keyword.UPDATE,
                    Keyword.DELETE,
                    Keyword.WITH,
                    Keyword.VALUES,
                    Keyword.SHOW,
                    Keyword.BEGIN,
                    Keyword.START,
                    Keyword.COMMIT,
                    Keyword.END,
                    Keyword.ROLLBACK,
                    Keyword.ABORT,
                    Keyword.RELEASE,
                    Keyword.FETCH,
                    Keyword.LOCK)
            .mapToLong(PlainEffects::letters)
            .toArray();

    static {
        for (int i = 0; i < 256; i++) {
            CLASSES[i] = SqlLexer.isWordStart((byte) i) ? WORD : i >= '0' && i <= '9' ? DIGIT : SYMBOL;
        }
        CLASSES['$'] = DOLLAR;
        CLASSES['\''] = QUOTE;
        CLASSES['"'] = QUOTE;
    }

    private PlainEffects() {}

    private static long letters(Keyword keyword) {
        long letters = 0;
        for (byte c : keyword.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII)) {
            letters = letters << 8 | c;
        }
        return letters;
    }

    private static int meaning(long letters) {
        if (letters == INTO_LETTERS) {
            return INTO | BEFORE_TABLE;
        } else if (letters == AS_LETTERS || letters == TABLE_LETTERS) {
            return BEFORE_TABLE;
        }
        return letters == INSERT_LETTERS || letters == MERGE_LETTERS ? INSERTS : 0;
    }

    private static boolean mayBeFirst(long letters) {
        if (letters == SELECT || letters == INSERT_LETTERS) {
            return true;
        }
        for (long verb : VERBS) {
            if (letters == verb) {
                return true;
            }
        }
        return false;
    }

    /** A mask of the effects of all statements, or {@link #NOT_PLAIN}. */
    static int read(byte[] sql, int from, int to, boolean standardStrings) {
        int effects = 0;
        boolean first = true;
        byte previous = 0;
        int previousWord = 0;
        boolean catalog = false;
        int at = skipBlank(sql, from, to);
        while (at >= 0 && at < to) {
            byte c = sql[at];
            int end = at + 1;
            int word = 0;
            byte kind = CLASSES[c & 0xff];
            if (kind == WORD) {
                // The bit that makes capitals small makes no letter of any other byte.
                long letters = (c | 0x20) & 0xff;
                while (end < to && CLASSES[sql[end] & 0xff] >= WORD_PART) {
                    letters = letters << 8 | (sql[end++] | 0x20) & 0xff;
                }
                boolean isShort = end - at <= LONGEST_WORD;
                boolean prefix = end == at + 1 && end < to && sql[end] == '\'';
                if (prefix || (first && !(isShort && mayBeFirst(letters)))) {
                    return NOT_PLAIN;
                }
                word = isShort ? meaning(letters) : 0;
            } else if (kind == QUOTE) {
                end = quotedEnd(sql, end, to, c);
            } else if (kind == DOLLAR && (end == to || CLASSES[sql[end] & 0xff] != DIGIT)) {
                return NOT_PLAIN;
            }
            int next = skipBlank(sql, end, to);
            byte behind = next >= 0 && next < to ? sql[next] : 0;
            boolean qualifies = behind == '.';
            if (c == ';') {
                if (qualifies) {
                    return NOT_PLAIN;
                }
                // In parentheses it ends nothing, but those that may be first do no more there than in the middle.
                first = true;
                previous = 0;
                previousWord = 0;
                at = next;
                continue;
            }
            if (kind == SYMBOL) {
                qualifies |= c == '.';
            } else if (c == '\'') {
                // Continued behind a newline it would be one token with what follows: that matters where a name is
                // qualified.
                if (qualifies || !standardStrings) {
                    return NOT_PLAIN;
                }
            } else if (kind != DIGIT && kind != DOLLAR) {
                word = qualifies || previous == '.' ? 0 : word;
                if ((word & INTO) != 0 && (previousWord & INSERTS) == 0) {
                    return NOT_PLAIN;
                }
                effects |= (word & INSERTS) != 0 ? SessionEffect.SEQUENCE_ADVANCE.bit() : 0;
                if (behind == '(') {
                    int known = function(sql, at, end, c);
                    if (known == FunctionNames.SET_CONFIG) {
                        return NOT_PLAIN;
                    }
                    boolean foreign = previous == '.' && !catalog;
                    boolean table = (previousWord & BEFORE_TABLE) != 0;
                    effects |= known >= 0 ? known : 0;
                    effects |= (known >= 0 && !foreign) || table ? 0 : SessionEffectReader.UNKNOWN_FUNCTION;
                }
                if ((word & INSERTS) != 0 && previous != 0 && previous != '(') {
                    word = 0; // perhaps the name of a column in front of INTO
                }
            }
            first = false;
            previous = c;
            previousWord = qualifies ? previousWord : word;
            catalog = c == '.' ? catalog : qualifies && isCatalog(sql, at, end);
            at = next;
        }
        return at < 0 ? NOT_PLAIN : effects;
    }

    private static int function(byte[] sql, int at, int end, byte c) {
        return c == '"' ? FunctionNames.lookUpQuoted(sql, at + 1, end - 1) : FunctionNames.lookUp(sql, at, end);
    }

    /** As the reader: in quotes, capitals make it another name. */
    private static boolean isCatalog(byte[] sql, int at, int end) {
        if (sql[at] == '"') {
            return end - at == CATALOG.length + 2 && Arrays.equals(sql, at + 1, end - 1, CATALOG, 0, CATALOG.length);
        }
        return end - at == CATALOG.length && FunctionNames.equal(sql, at, CATALOG);
    }

    /** The start of the next token; {@link #NOT_PLAIN} if a comment has no end. */
    private static int skipBlank(byte[] sql, int from, int to) {
        int at = from;
        while (at < to) {
            byte c = sql[at];
            if (SqlLexer.isSpace(c)) {
                at++;
            } else if (c == '-' && at + 1 < to && sql[at + 1] == '-') {
                at = lineEnd(sql, at + 2, to);
            } else if (c == '/' && at + 1 < to && sql[at + 1] == '*') {
                at = commentEnd(sql, at + 2, to);
                if (at < 0) {
                    return NOT_PLAIN;
                }
            } else {
                return at;
            }
        }
        return to;
    }

    private static int lineEnd(byte[] sql, int from, int to) {
        int at = from;
        while (at < to && sql[at] != '\n' && sql[at] != '\r') {
            at++;
        }
        return at;
    }

    /** Comments that hold others are not plain. */
    private static int commentEnd(byte[] sql, int from, int to) {
        for (int at = from; at + 1 < to; at++) {
            if (sql[at] == '*' && sql[at + 1] == '/') {
                return at + 2;
            }
            if (sql[at] == '/' && sql[at + 1] == '*') {
                return NOT_PLAIN;
            }
        }
        return NOT_PLAIN;
    }

    private static int quotedEnd(byte[] sql, int from, int to, byte quote) {
        int at = from;
        while (at < to) {
            if (sql[at++] == quote) {
                if (at == to || sql[at] != quote) {
                    return at;
                }
                at++;
            }
        }
        return to;
    }
}
