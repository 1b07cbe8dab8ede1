package io.pgweir.protocol.sql;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

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

    /** Longest word that has its letters in a long. */
    private static final int LONGEST_WORD = 8;

    private static final int SLOT_BITS = 7;
    private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;

    /** The words of interest by their letters, and at the same places what they mean. */
    private static final long[] WORDS = new long[1 << SLOT_BITS];

    private static final byte[] MEANINGS = new byte[1 << SLOT_BITS];
    /** May be first, and does nothing to the session there. */
    private static final byte VERB = 1;
    /** Names a table, not a function, behind it. */
    private static final byte BEFORE_TABLE = 2;

    private static final byte INSERTS = 4;
    private static final byte INTO = 8;

    static {
        for (int i = 0; i < 256; i++) {
            CLASSES[i] = SqlLexer.isWordStart((byte) i) ? WORD : i >= '0' && i <= '9' ? DIGIT : SYMBOL;
        }
        CLASSES['$'] = DOLLAR;
        CLASSES['\''] = QUOTE;
        CLASSES['"'] = QUOTE;
        for (Keyword verb : new Keyword[] {
            Keyword.SELECT,
            Keyword.VALUES,
            Keyword.WITH,
            Keyword.SHOW,
            Keyword.UPDATE,
            Keyword.DELETE,
            Keyword.BEGIN,
            Keyword.START,
            Keyword.COMMIT,
            Keyword.END,
            Keyword.ROLLBACK,
            Keyword.ABORT,
            Keyword.RELEASE,
            Keyword.FETCH,
            Keyword.LOCK
        }) {
            add(verb, VERB);
        }
        add(Keyword.INSERT, (byte) (VERB | INSERTS));
        add(Keyword.MERGE, INSERTS);
        add(Keyword.INTO, (byte) (INTO | BEFORE_TABLE));
        add(Keyword.AS, BEFORE_TABLE);
        add(Keyword.TABLE, BEFORE_TABLE);
    }

    private static void add(Keyword keyword, byte meaning) {
        long letters = 0;
        for (byte c : keyword.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII)) {
            letters = letters << 8 | c;
        }
        int slot = slot(letters);
        while (WORDS[slot] != 0) {
            slot = next(slot);
        }
        WORDS[slot] = letters;
        MEANINGS[slot] = meaning;
    }

    private PlainEffects() {}

    private static int slot(long letters) {
        return (int) (letters * MULTIPLIER >>> Long.SIZE - SLOT_BITS);
    }

    private static int next(int slot) {
        return (slot + 1) & (WORDS.length - 1);
    }

    /** The bit that makes capitals small takes no other byte of a word to a letter. */
    private static byte meaning(long letters) {
        int slot = slot(letters);
        while (WORDS[slot] != letters) {
            if (WORDS[slot] == 0) {
                return 0;
            }
            slot = next(slot);
        }
        return MEANINGS[slot];
    }

    /** A mask of the effects of all statements, or {@link #NOT_PLAIN}. */
    static int read(byte[] sql, int from, int to, boolean standardStrings) {
        int effects = 0;
        boolean first = true;
        byte previous = 0;
        int previousWord = 0;
        int at = skipBlank(sql, from, to);
        while (at >= 0 && at < to) {
            byte c = sql[at];
            int end = at + 1;
            int word = 0;
            byte kind = CLASSES[c & 0xff];
            if (kind == WORD) {
                long letters = (c | 0x20) & 0xff;
                while (end < to && CLASSES[sql[end] & 0xff] >= WORD_PART) {
                    letters = letters << 8 | (sql[end++] | 0x20) & 0xff;
                }
                word = end - at > LONGEST_WORD ? 0 : meaning(letters);
                boolean prefix = end == at + 1 && end < to && sql[end] == '\'';
                if (prefix || (first && (word & VERB) == 0)) {
                    return NOT_PLAIN;
                }
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
                    boolean table = previous == ')' || (previousWord & BEFORE_TABLE) != 0;
                    effects |= known >= 0 ? known : table ? 0 : SessionEffectReader.UNKNOWN_FUNCTION;
                }
            }
            first = false;
            previous = c;
            previousWord = qualifies ? previousWord : word;
            at = next;
        }
        return at < 0 ? NOT_PLAIN : effects;
    }

    private static int function(byte[] sql, int at, int end, byte c) {
        if (c != '"') {
            return FunctionNames.lookUp(sql, at, end);
        }
        return end - at < 3 ? FunctionNames.UNKNOWN : FunctionNames.lookUp(sql, at + 1, end - 1);
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
