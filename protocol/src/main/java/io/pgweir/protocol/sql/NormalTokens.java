package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.RawTokens.Token;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of SQL text with what differs from one execution to the next taken out: of an IN list, an array or the rows of
 * VALUES only the first is left, signs belong to their numbers, and the value of a SET is one value whatever its form.
 * Reusable; allocates nothing.
 */
final class NormalTokens {
    private static final int DEEPEST = 63;

    private final RawTokens raw;
    private int depth;
    /** Depths at which a comma begins what is left out. */
    private long lists;
    /** Depths at which rows of VALUES stand. */
    private long rows;

    private boolean afterRow;
    private boolean afterIn;
    private @Nullable Keyword verb;
    private @Nullable Keyword word;
    private boolean statementBegins;
    private boolean setSeen;
    private boolean valueNext;
    private boolean operandBefore;

    NormalTokens(ByteBuf empty) {
        raw = new RawTokens(empty);
    }

    void over(ByteBuf sql, int from, int to, boolean standardStrings) {
        raw.over(sql, from, to, standardStrings);
        depth = 0;
        lists = rows = 0;
        afterRow = afterIn = valueNext = operandBefore = setSeen = false;
        verb = word = null;
        statementBegins = true;
    }

    RawTokens raw() {
        return raw;
    }

    int depth() {
        return depth;
    }

    /** The keyword that the last token is, or null. */
    @Nullable
    Keyword keyword() {
        return word;
    }

    Token next() {
        if (valueNext) {
            valueNext = false;
            return restOfSetting();
        }
        Token token = raw.next();
        if (afterRow) {
            afterRow = false;
            token = skipRows(token);
            rows &= ~bit(depth);
        }
        return take(token);
    }

    private Token take(Token token) {
        Keyword before = word;
        word = token == Token.WORD ? Keyword.at(raw.sql(), raw.start(), raw.end()) : null;
        if (afterIn) {
            afterIn = false;
            boolean query = word == Keyword.SELECT || word == Keyword.WITH || word == Keyword.VALUES;
            lists |= query ? 0 : bit(depth);
        }
        boolean operand = operandBefore;
        operandBefore = token != Token.SYMBOL || raw.isSymbol(')') || raw.isSymbol(']');
        if (token == Token.WORD) {
            word();
        } else if (token == Token.SYMBOL) {
            return symbol(before, operand);
        }
        statementBegins &= token == Token.END;
        return token;
    }

    private void word() {
        if (statementBegins) {
            verb = word;
        }
        boolean sets = verb == Keyword.SET || verb == Keyword.ALTER || verb == Keyword.CREATE;
        setSeen |= sets && word == Keyword.SET && depth == 0;
        valueNext = setSeen && word == Keyword.TO && depth == 0;
    }

    private Token symbol(@Nullable Keyword before, boolean operand) {
        statementBegins = false;
        switch (raw.sql().getByte(raw.start())) {
            case '(', '[' -> open(before);
            case ')', ']' -> close();
            case ',' -> {
                if ((lists & bit(depth)) != 0) {
                    return skipList();
                }
            }
            case ';' -> {
                if (depth == 0) {
                    statementBegins = true;
                    setSeen = false;
                    verb = null;
                }
            }
            case '=' -> valueNext = setSeen && depth == 0;
            case '-', '+' -> {
                if (!operand) {
                    return signed();
                }
            }
            default -> {}
        }
        return Token.SYMBOL;
    }

    private void open(@Nullable Keyword before) {
        if (before == Keyword.VALUES) {
            rows |= bit(depth);
        }
        depth++;
        lists &= ~bit(depth);
        rows &= ~bit(depth);
        afterIn = before == Keyword.IN;
        if (before == Keyword.ARRAY) {
            lists |= bit(depth);
        }
    }

    private void close() {
        lists &= ~bit(depth);
        depth = Math.max(0, depth - 1);
        afterRow = (rows & bit(depth)) != 0;
    }

    /** Of a signed number only the number counts. */
    private Token signed() {
        int sign = raw.start();
        int behind = raw.end();
        boolean space = raw.spaceBefore();
        Token next = raw.next();
        if (next == Token.LITERAL && raw.sql().getByte(raw.start()) != '\'') {
            operandBefore = true;
            raw.restore(raw.start(), raw.end(), space);
            return next;
        }
        raw.restore(sign, behind, space);
        return Token.SYMBOL;
    }

    private Token skipList() {
        int outer = depth - 1;
        Token token = raw.next();
        while (token != Token.END) {
            if (token == Token.SYMBOL) {
                byte c = raw.sql().getByte(raw.start());
                if (c == '(' || c == '[') {
                    depth++;
                } else if (c == ')' || c == ']') {
                    if (depth - 1 == outer) {
                        operandBefore = true;
                        close();
                        return Token.SYMBOL;
                    }
                    depth--;
                }
            }
            token = raw.next();
        }
        return Token.END;
    }

    private Token skipRows(Token token) {
        Token current = token;
        while (current == Token.SYMBOL && raw.isSymbol(',')) {
            current = raw.next();
            int open = 0;
            while (current != Token.END) {
                if (current == Token.SYMBOL) {
                    open += raw.isSymbol('(') || raw.isSymbol('[') ? 1 : 0;
                    open -= raw.isSymbol(')') || raw.isSymbol(']') ? 1 : 0;
                }
                current = raw.next();
                if (open <= 0) {
                    break;
                }
            }
        }
        return current;
    }

    /** The value of a setting, up to the end of its statement. */
    private Token restOfSetting() {
        Token token = raw.next();
        if (token == Token.END) {
            return token;
        }
        int first = raw.start();
        boolean space = raw.spaceBefore();
        int behind = raw.end();
        while (token != Token.END && !(token == Token.SYMBOL && raw.isSymbol(';'))) {
            behind = raw.end();
            token = raw.next();
        }
        raw.restore(first, behind, space);
        operandBefore = true;
        word = null;
        return Token.LITERAL;
    }

    private static long bit(int depth) {
        return depth > DEEPEST ? 0 : 1L << depth;
    }
}
