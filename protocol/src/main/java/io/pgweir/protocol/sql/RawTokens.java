package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;

/**
 * Steps through SQL text token by token and says of each what it may contain: names and symbols may be shown, values never.
 * A flyweight over the buffer: reusable, allocates nothing, one thread at a time.
 */
final class RawTokens {
    /** What a token is. */
    enum Token {
        /** No more, or nothing that could be read on: a comment without an end. */
        END,
        /** A keyword or an unquoted name. */
        WORD,
        /** A quoted name. */
        IDENTIFIER,
        /** {@code $1}. */
        PARAMETER,
        /** A number or a string of whatever form. */
        LITERAL,
        /** One character of anything else. */
        SYMBOL
    }

    private ByteBuf sql;
    private int at;
    private int to;
    private boolean standardStrings;
    private int start;
    private boolean spaceBefore;
    private boolean ambiguous;

    RawTokens(ByteBuf sql) {
        this.sql = sql;
    }

    void over(ByteBuf text, int from, int end, boolean standard) {
        sql = text;
        at = start = from;
        to = end;
        standardStrings = standard;
        spaceBefore = false;
        ambiguous = false;
    }

    ByteBuf sql() {
        return sql;
    }

    int start() {
        return start;
    }

    int end() {
        return at;
    }

    boolean spaceBefore() {
        return spaceBefore;
    }

    /** A string has been passed whose end depends on settings or an encoding: what follows may be part of it. */
    boolean isAmbiguous() {
        return ambiguous;
    }

    boolean isSymbol(char symbol) {
        return at == start + 1 && sql.getByte(start) == symbol;
    }

    /** Back to an earlier token. */
    void restore(int tokenStart, int tokenEnd, boolean space) {
        start = tokenStart;
        at = tokenEnd;
        spaceBefore = space;
    }

    Token next() {
        start = SqlLexer.skipBlank(sql, at, to);
        spaceBefore = start > at;
        if (start >= to) {
            at = to;
            return Token.END;
        }
        byte c = sql.getByte(start);
        if (SqlLexer.isWordStart(c)) {
            return word(c);
        }
        if (isDigit(c) || (c == '.' && start + 1 < to && isDigit(sql.getByte(start + 1)))) {
            at = numberEnd();
            return Token.LITERAL;
        }
        at = Math.min(to, SqlLexer.tokenEnd(sql, start, to, standardStrings));
        switch (c) {
            case '\'':
                ambiguous |= hasUncertainEnd(sql, start, at, false);
                return Token.LITERAL;
            case '"':
                return Token.IDENTIFIER;
            case '$':
                if (at > start + 1) {
                    return Token.LITERAL;
                }
                while (at < to && isDigit(sql.getByte(at))) {
                    at++;
                }
                return at > start + 1 ? Token.PARAMETER : Token.SYMBOL;
            case '/':
                return SqlLexer.isByte(sql, start + 1, to, '*') ? Token.END : Token.SYMBOL;
            default:
                return Token.SYMBOL;
        }
    }

    private Token word(byte first) {
        at = SqlLexer.wordEnd(sql, start, to);
        if (at > start + 1) {
            return Token.WORD;
        }
        if (SqlLexer.isByte(sql, at, to, '\'')) {
            switch (first) {
                case 'e', 'E' -> {
                    at = Math.min(to, SqlLexer.tokenEnd(sql, start, to, standardStrings));
                    ambiguous |= hasUncertainEnd(sql, start, at, true);
                    return Token.LITERAL;
                }
                case 'b', 'B', 'x', 'X' -> {
                    at = Math.min(to, SqlLexer.tokenEnd(sql, start, to, standardStrings));
                    return Token.LITERAL;
                }
                default -> {
                    return Token.WORD; // N'...' too: a word and a string
                }
            }
        }
        boolean unicode = (first == 'u' || first == 'U') && SqlLexer.isByte(sql, at, to, '&');
        if (unicode && (SqlLexer.isByte(sql, at + 1, to, '\'') || SqlLexer.isByte(sql, at + 1, to, '"'))) {
            boolean string = sql.getByte(at + 1) == '\'';
            at = Math.min(to, SqlLexer.tokenEnd(sql, at + 1, to, true));
            ambiguous |= string && hasUncertainEnd(sql, start, at, false);
            return string ? Token.LITERAL : Token.IDENTIFIER;
        }
        return Token.WORD;
    }

    /** Whatever is glued to a number belongs to it: PostgreSQL refuses it, and it is not to be shown. */
    private int numberEnd() {
        boolean based = sql.getByte(start) == '0' && start + 1 < to && isBase(sql.getByte(start + 1));
        int end = start;
        while (end < to) {
            byte c = sql.getByte(end);
            boolean sign = (c == '+' || c == '-') && !based && end > start && (sql.getByte(end - 1) | 0x20) == 'e';
            boolean digitFollows = sign && end + 1 < to && isDigit(sql.getByte(end + 1));
            if (!digitFollows && c != '.' && !isDigit(c) && !SqlLexer.isWordStart(c)) {
                break;
            }
            end++;
        }
        return end;
    }

    private static boolean isBase(byte c) {
        int letter = c | 0x20;
        return letter == 'x' || letter == 'o' || letter == 'b';
    }

    private static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }

    /**
     * Whether readers could disagree on where a string ends: with a backslash before a quote it depends on
     * standard_conforming_strings, and in an escape string a backslash may be the second byte of a character.
     */
    static boolean hasUncertainEnd(ByteBuf sql, int start, int end, boolean escapes) {
        for (int i = start + 1; i < end; i++) {
            if (sql.getByte(i) == '\\') {
                if (escapes ? sql.getByte(i - 1) < 0 : i + 1 < end && sql.getByte(i + 1) == '\'') {
                    return true;
                }
            }
        }
        return false;
    }
}
