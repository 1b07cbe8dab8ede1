package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the semicolon that ends a statement. Works like psql's own splitter, which has to agree with the server's parser:
 * semicolons in parentheses and in the BEGIN ATOMIC body of CREATE [OR REPLACE] {FUNCTION | PROCEDURE} do not count. In
 * such a body CASE and END pair up, unless they are column labels (after AS or a dot).
 */
final class StatementEnd {
    /** How far the text is the head of a statement that may have a body. */
    private enum Head {
        START,
        CREATE,
        CREATE_OR,
        CREATE_OR_REPLACE,
        ROUTINE,
        /** BEGIN was the last word. */
        ROUTINE_BEGIN,
        BODY,
        /** No body can come: words need no more looking at. */
        NONE
    }

    private StatementEnd() {}

    static int find(ByteBuf sql, int from, int to, boolean standardStrings) {
        Head head = Head.START;
        int parentheses = 0;
        int blocks = 0;
        boolean label = false;
        byte previous = 0;
        int at = SqlLexer.skipBlank(sql, from, to);
        while (at < to) {
            byte c = sql.getByte(at);
            int end = SqlLexer.tokenEnd(sql, at, to, standardStrings);
            if (c == ';' && parentheses == 0 && blocks == 0) {
                return at;
            }
            if (c == '(') {
                parentheses++;
            } else if (c == ')' && parentheses > 0) {
                parentheses--;
            }
            if (head != Head.NONE) {
                Keyword keyword = SqlLexer.isWordStart(c) ? Keyword.at(sql, at, end) : null;
                if (head == Head.BODY) {
                    if (!label && keyword == Keyword.CASE) {
                        blocks++;
                    } else if (!label && keyword == Keyword.END && --blocks == 0) {
                        head = Head.NONE;
                    }
                    label = keyword == Keyword.AS || (c == '.' && !(previous >= '0' && previous <= '9'));
                } else {
                    head = parentheses > 0 && head.compareTo(Head.ROUTINE) >= 0 ? Head.ROUTINE : next(head, keyword);
                    blocks = head == Head.BODY ? 1 : 0;
                }
            }
            previous = c;
            at = SqlLexer.skipBlank(sql, end, to);
        }
        return to;
    }

    private static Head next(Head head, @Nullable Keyword keyword) {
        return switch (head) {
            case START -> keyword == Keyword.CREATE ? Head.CREATE : Head.NONE;
            case CREATE -> keyword == Keyword.OR ? Head.CREATE_OR : routine(keyword);
            case CREATE_OR -> keyword == Keyword.REPLACE ? Head.CREATE_OR_REPLACE : Head.NONE;
            case CREATE_OR_REPLACE -> routine(keyword);
            case ROUTINE -> keyword == Keyword.BEGIN ? Head.ROUTINE_BEGIN : Head.ROUTINE;
            case ROUTINE_BEGIN ->
                keyword == Keyword.ATOMIC ? Head.BODY : keyword == Keyword.BEGIN ? Head.ROUTINE_BEGIN : Head.ROUTINE;
            case BODY, NONE -> head;
        };
    }

    private static Head routine(@Nullable Keyword keyword) {
        return keyword == Keyword.FUNCTION || keyword == Keyword.PROCEDURE ? Head.ROUTINE : Head.NONE;
    }
}
