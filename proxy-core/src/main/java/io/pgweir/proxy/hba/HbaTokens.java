package io.pgweir.proxy.hba;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the text of a file into lines, fields and tokens as PostgreSQL does: blanks end a field unless a comma came before them, {@code #}
 * begins a comment, quotes may stand anywhere in a token and take its special meaning away, a backslash at its end continues a
 * line.
 */
final class HbaTokens {
    /** @param quoted whether it begins with a quote: then no keyword, + and @ mean anything but themselves; a / still does */
    record Token(String text, boolean quoted) {
        boolean is(String keyword) {
            return !quoted && text.equals(keyword);
        }

        boolean begins(char c) {
            return !quoted && text.length() > 1 && text.charAt(0) == c;
        }
    }

    /**
     * @param number counted from 1; of a continued line the first
     * @param fields lists of tokens
     * @param open whether a quote has no end
     */
    record Line(int number, List<List<Token>> fields, boolean open) {}

    private final String text;
    private int at;
    private boolean comma;
    private boolean open;

    private HbaTokens(String text) {
        this.text = text;
    }

    /** The lines that have something in them. */
    static List<Line> lines(String file) {
        List<Line> lines = new ArrayList<>();
        String[] raw = file.split("\n", -1);
        for (int i = 0; i < raw.length; i++) {
            int number = i + 1;
            StringBuilder whole = new StringBuilder(withoutEnd(raw[i]));
            while (whole.length() > 0 && whole.charAt(whole.length() - 1) == '\\' && i + 1 < raw.length) {
                whole.setLength(whole.length() - 1);
                i++;
                whole.append(withoutEnd(raw[i]));
            }
            HbaTokens tokens = new HbaTokens(whole.toString());
            List<List<Token>> fields = tokens.fields();
            if (!fields.isEmpty()) {
                lines.add(new Line(number, fields, tokens.open));
            }
        }
        return lines;
    }

    private static String withoutEnd(String line) {
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    private List<List<Token>> fields() {
        List<List<Token>> fields = new ArrayList<>();
        while (skipBlanks()) {
            List<Token> field = new ArrayList<>();
            do {
                if (!skipBlanks()) {
                    break;
                }
                field.add(token());
            } while (comma);
            fields.add(field);
        }
        return fields;
    }

    /** False at the end of the line, or of what is no comment. */
    private boolean skipBlanks() {
        while (at < text.length() && (isBlank(text.charAt(at)) || text.charAt(at) == ',')) {
            at++;
        }
        return at < text.length() && text.charAt(at) != '#';
    }

    private Token token() {
        StringBuilder token = new StringBuilder();
        boolean begins = text.charAt(at) == '"';
        boolean inside = false;
        boolean wasQuote = false;
        comma = false;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (!inside && (isBlank(c) || c == '#')) {
                break;
            }
            at++;
            if (!inside && c == ',') {
                comma = true;
                break;
            }
            if (c != '"' || wasQuote) {
                token.append(c);
            }
            // Two quotes inside of quotes are one.
            wasQuote = inside && c == '"' && !wasQuote;
            if (c == '"') {
                inside = !inside;
            }
        }
        open |= inside;
        return new Token(token.toString(), begins);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
    }
}
