package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Cuts SQL into tokens the way PostgreSQL's lexer does (manual chapter "Lexical Structure", scan.l), as far as it matters
 * for where quotes, comments and words begin and end. Positions are absolute indexes; no method reads at or past {@code
 * to}, throws, or allocates. Something unterminated ends at {@code to}.
 *
 * <p>Every byte is looked at a bounded number of times, so a scan takes linear time whatever the text.
 */
final class SqlLexer {
    /** What the combinators below give where the text does not match. They pass it on, so that calls can be chained. */
    static final int NO_MATCH = -1;

    private SqlLexer() {}

    /**
     * The start of the next token: behind white space and comments, or {@code to}. A comment without an end is not blank
     * but a token, since the server refuses the whole text for it.
     */
    static int skipBlank(ByteBuf sql, int from, int to) {
        int at = from;
        while (at < to) {
            byte c = sql.getByte(at);
            if (isSpace(c)) {
                at++;
            } else if (c == '-' && isByte(sql, at + 1, to, '-')) {
                at = lineEnd(sql, at + 2, to);
            } else if (c == '/' && isByte(sql, at + 1, to, '*')) {
                int end = commentEnd(sql, at, to);
                if (end < 0) {
                    return at;
                }
                at = end;
            } else {
                return at;
            }
        }
        return to;
    }

    /**
     * The end of the token that starts at {@code at} (which is before {@code to} and not blank): a word, a quoted
     * identifier, a string with its continuations, or one character of anything else.
     *
     * @param standardStrings the server's standard_conforming_strings; if off, backslashes escape in plain strings too
     */
    static int tokenEnd(ByteBuf sql, int at, int to, boolean standardStrings) {
        byte c = sql.getByte(at);
        if (isWordStart(c)) {
            int end = wordEnd(sql, at, to);
            if (end == at + 1 && isByte(sql, end, to, '\'')) {
                switch (c) {
                    case 'e', 'E':
                        return stringEnd(sql, end, to, true);
                    case 'b', 'B', 'x', 'X':
                        return stringEnd(sql, end, to, false);
                    default:
                        return end;
                }
            }
            return end;
        }
        return switch (c) {
            case '\'' -> stringEnd(sql, at, to, !standardStrings);
            case '"' -> quotedEnd(sql, at, to, (byte) '"', false);
            case '$' -> dollarQuoteEnd(sql, at, to);
            case '/' -> isByte(sql, at + 1, to, '*') ? to : at + 1; // blanks are skipped, so this one has no end
            default -> at + 1;
        };
    }

    static int wordEnd(ByteBuf sql, int at, int to) {
        int end = at + 1;
        while (end < to && isWordPart(sql.getByte(end))) {
            end++;
        }
        return end;
    }

    /** The end of the keyword that is the next token, or {@link #NO_MATCH}. */
    static int accept(ByteBuf sql, int from, int to, Keyword keyword) {
        if (from < 0) {
            return NO_MATCH;
        }
        int at = skipBlank(sql, from, to);
        if (at == to || !isWordStart(sql.getByte(at))) {
            return NO_MATCH;
        }
        int end = wordEnd(sql, at, to);
        return Keyword.at(sql, at, end) == keyword ? end : NO_MATCH;
    }

    /** As {@link #accept(ByteBuf, int, int, Keyword)} for either of two. */
    static int accept(ByteBuf sql, int from, int to, Keyword one, Keyword other) {
        int end = accept(sql, from, to, one);
        return end >= 0 ? end : accept(sql, from, to, other);
    }

    /** The end of the one-character token, or {@link #NO_MATCH}. */
    static int accept(ByteBuf sql, int from, int to, char symbol) {
        if (from < 0) {
            return NO_MATCH;
        }
        int at = skipBlank(sql, from, to);
        return isByte(sql, at, to, symbol) ? at + 1 : NO_MATCH;
    }

    /** The keyword that is the next token, or null. */
    static @Nullable Keyword keyword(ByteBuf sql, int from, int to) {
        int at = skipBlank(sql, from, to);
        return at == to || !isWordStart(sql.getByte(at)) ? null : Keyword.at(sql, at, wordEnd(sql, at, to));
    }

    static boolean isWordStart(byte c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0;
    }

    private static boolean isWordPart(byte c) {
        return isWordStart(c) || (c >= '0' && c <= '9') || c == '$';
    }

    static boolean isSpace(byte c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static boolean isNewline(byte c) {
        return c == '\n' || c == '\r';
    }

    static boolean isByte(ByteBuf sql, int at, int to, char expected) {
        return at < to && sql.getByte(at) == expected;
    }

    static int lineEnd(ByteBuf sql, int from, int to) {
        int at = from;
        while (at < to && !isNewline(sql.getByte(at))) {
            at++;
        }
        return at;
    }

    /** The end of a comment, which may hold others, or {@link #NO_MATCH}. */
    static int commentEnd(ByteBuf sql, int from, int to) {
        int depth = 0;
        int at = from;
        while (at < to) {
            byte c = sql.getByte(at);
            if (c == '/' && isByte(sql, at + 1, to, '*')) {
                depth++;
                at += 2;
            } else if (c == '*' && isByte(sql, at + 1, to, '/')) {
                depth--;
                at += 2;
                if (depth == 0) {
                    return at;
                }
            } else {
                at++;
            }
        }
        return NO_MATCH;
    }

    /** {@code 'one'} newline {@code 'two'} is one string, and the second part is read under the rules of the first. */
    private static int stringEnd(ByteBuf sql, int quote, int to, boolean backslashes) {
        int end = quotedEnd(sql, quote, to, (byte) '\'', backslashes);
        for (int next = continuation(sql, end, to); next >= 0; next = continuation(sql, end, to)) {
            end = quotedEnd(sql, next, to, (byte) '\'', backslashes);
        }
        return end;
    }

    /** The end of a quoted token; a doubled quote stands for one. */
    private static int quotedEnd(ByteBuf sql, int open, int to, byte quote, boolean backslashes) {
        int at = open + 1;
        while (at < to) {
            byte c = sql.getByte(at);
            if (c == '\\' && backslashes) {
                at += 2;
            } else if (c != quote) {
                at++;
            } else if (isByte(sql, at + 1, to, (char) quote)) {
                at += 2;
            } else {
                return at + 1;
            }
        }
        return to;
    }

    /** The quote that continues a string: behind white space with a newline, and line comments only. */
    private static int continuation(ByteBuf sql, int from, int to) {
        boolean newline = false;
        int at = from;
        while (at < to) {
            byte c = sql.getByte(at);
            if (isSpace(c)) {
                newline |= isNewline(c);
                at++;
            } else if (c == '-' && isByte(sql, at + 1, to, '-')) {
                at = lineEnd(sql, at + 2, to);
            } else {
                return c == '\'' && newline ? at : NO_MATCH;
            }
        }
        return NO_MATCH;
    }

    /** {@code $tag$ ... $tag$}. A dollar sign that opens nothing (as in {@code $1}) is a token of its own. */
    private static int dollarQuoteEnd(ByteBuf sql, int open, int to) {
        int tagEnd = open + 1;
        if (tagEnd < to && isWordStart(sql.getByte(tagEnd))) {
            tagEnd++;
            while (tagEnd < to && isWordPart(sql.getByte(tagEnd)) && sql.getByte(tagEnd) != '$') {
                tagEnd++;
            }
        }
        if (!isByte(sql, tagEnd, to, '$')) {
            return open + 1;
        }
        int length = tagEnd + 1 - open;
        for (int at = tagEnd + 1; at <= to - length; at++) {
            if (sql.getByte(at) == '$' && equal(sql, open, at, length)) {
                return at + length;
            }
        }
        return to;
    }

    /** Both begin with a dollar sign and the tag has no other, so comparing stops at the next one: linear in total. */
    private static boolean equal(ByteBuf sql, int one, int other, int length) {
        for (int i = 1; i < length; i++) {
            if (sql.getByte(one + i) != sql.getByte(other + i)) {
                return false;
            }
        }
        return true;
    }
}
