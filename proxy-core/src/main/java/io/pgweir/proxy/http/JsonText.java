package io.pgweir.proxy.http;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes JSON (RFC 8259). The caller closes what it opens. Finite numbers only. */
final class JsonText {
    private final StringBuilder out = new StringBuilder(1024);
    private boolean first = true;

    JsonText open(char bracket) {
        next();
        out.append(bracket);
        first = true;
        return this;
    }

    JsonText close(char bracket) {
        out.append(bracket);
        first = false;
        return this;
    }

    /** The name of a member; its value comes next. */
    JsonText name(String name) {
        next();
        quote(name);
        out.append(':');
        first = true;
        return this;
    }

    JsonText value(@Nullable String text) {
        next();
        if (text == null) {
            out.append("null");
        } else {
            quote(text);
        }
        return this;
    }

    JsonText value(boolean value) {
        next();
        out.append(value);
        return this;
    }

    JsonText value(long number) {
        next();
        out.append(number);
        return this;
    }

    /** With three decimals. */
    JsonText value(double number) {
        next();
        long thousandths = Math.round(Math.abs(number) * 1e3);
        if (number < 0 && thousandths > 0) {
            out.append('-');
        }
        long part = thousandths % 1000;
        out.append(thousandths / 1000)
                .append(part < 10 ? ".00" : part < 100 ? ".0" : ".")
                .append(part);
        return this;
    }

    /** With six decimals. */
    JsonText micros(double number) {
        next();
        out.append(String.format(Locale.ROOT, "%.6f", number));
        return this;
    }

    private void next() {
        if (!first) {
            out.append(',');
        }
        first = false;
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (needsEscape(c)) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    /** What JSON demands, halves of surrogate pairs that may be alone, and what YAML, of which JSON is a part, does not allow. */
    private static boolean needsEscape(char c) {
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || Character.isSurrogate(c) || c == 0xfeff || c >= 0xfffe;
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
