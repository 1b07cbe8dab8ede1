package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.Limits;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Puts the readable form of a statement together: long lists of columns become an ellipsis. */
final class FingerprintText {
    /** A select list of more characters is left out. */
    private static final int LONGEST_LIST = 24;

    private static final int LEVELS = 8;
    private static final int LONGEST_PARAMETER = 6;

    private final StringBuilder out = new StringBuilder(128);
    /** Where the select list of a level begins, 0 if none does. */
    private final int[] lists = new int[LEVELS];

    private int group;

    void word(RawTokens raw, @Nullable Keyword keyword, int depth) {
        if (keyword == Keyword.FROM && depth < LEVELS && lists[depth] > 0) {
            if (out.length() - lists[depth] > LONGEST_LIST) {
                out.setLength(lists[depth]);
                out.append(" ...");
            }
            lists[depth] = 0;
        } else if (keyword == Keyword.VALUES && group > 0 && out.length() - group > LONGEST_LIST) {
            out.setLength(group);
            out.append("(...)");
        }
        if (depth == 0) {
            group = 0;
        }
        space(raw);
        append(raw.sql(), raw.start(), raw.end(), true);
        if (keyword == Keyword.SELECT && depth < LEVELS) {
            lists[depth] = out.length();
        }
    }

    void identifier(RawTokens raw) {
        space(raw);
        int longest = Limits.NAME + 2;
        if (raw.end() - raw.start() <= longest) {
            append(raw.sql(), raw.start(), raw.end(), false);
        } else {
            append(raw.sql(), raw.start(), raw.start() + longest, false);
            out.append("...\"");
        }
    }

    void parameter(RawTokens raw) {
        space(raw);
        append(raw.sql(), raw.start(), Math.min(raw.end(), raw.start() + LONGEST_PARAMETER), false);
    }

    void value(RawTokens raw) {
        space(raw);
        out.append('?');
    }

    /** @param depth of parentheses behind the symbol */
    void symbol(RawTokens raw, int depth) {
        space(raw);
        boolean opens = raw.isSymbol('(');
        if (opens && depth == 1) {
            group = out.length();
        }
        append(raw.sql(), raw.start(), raw.end(), false);
    }

    void semicolon() {
        out.append(';');
    }

    void breakOff() {
        out.append(" ...");
    }

    private void space(RawTokens raw) {
        if (out.length() > 0 && raw.spaceBefore() && out.charAt(out.length() - 1) != ' ') {
            out.append(' ');
        }
    }

    private void append(ByteBuf sql, int start, int end, boolean fold) {
        boolean plain = true;
        for (int i = start; i < end; i++) {
            byte c = sql.getByte(i);
            plain &= c >= 0x20 && c != 0x7f;
        }
        String text = plain
                ? sql.toString(start, end - start, StandardCharsets.US_ASCII)
                : Printable.of(sql.toString(start, end - start, StandardCharsets.UTF_8));
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            out.append(fold && c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c);
        }
    }

    String shortened(int longest) {
        return Printable.shortened(out.toString(), longest);
    }
}
