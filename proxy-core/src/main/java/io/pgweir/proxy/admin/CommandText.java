package io.pgweir.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One command as it was written: its words, without comments. */
final class CommandText {
    private record Token(int from, int to) {}

    private final String source;
    private final List<Token> tokens;

    private CommandText(String source, List<Token> tokens) {
        this.source = source;
        this.tokens = List.copyOf(tokens);
    }

    /** The commands of a text that are not empty; semicolons separate them. @throws ConsoleFailure if a quote is not closed */
    static List<CommandText> split(String sql) {
        List<CommandText> commands = new ArrayList<>();
        List<Token> tokens = new ArrayList<>();
        int at = 0;
        while (at < sql.length()) {
            char c = sql.charAt(at);
            int next;
            if (Character.isWhitespace(c)) {
                next = at + 1;
            } else if (sql.startsWith("--", at)) {
                int end = sql.indexOf('\n', at);
                next = end < 0 ? sql.length() : end;
            } else if (sql.startsWith("/*", at)) {
                next = commentEnd(sql, at);
            } else if (c == ';') {
                add(commands, sql, tokens);
                next = at + 1;
            } else {
                next = tokenEnd(sql, at);
                tokens.add(new Token(at, next));
            }
            at = next;
        }
        add(commands, sql, tokens);
        return commands;
    }

    private static void add(List<CommandText> commands, String sql, List<Token> tokens) {
        if (!tokens.isEmpty()) {
            commands.add(new CommandText(sql, tokens));
            tokens.clear();
        }
    }

    private static int commentEnd(String sql, int from) {
        int depth = 0;
        for (int at = from; at < sql.length() - 1; at++) {
            if (sql.startsWith("/*", at)) {
                depth++;
                at++;
            } else if (sql.startsWith("*/", at)) {
                depth--;
                at++;
                if (depth == 0) {
                    return at + 1;
                }
            }
        }
        throw ConsoleError.UNTERMINATED.failure("/* comment");
    }

    private static int tokenEnd(String sql, int from) {
        char c = sql.charAt(from);
        if (c == '\'' || c == '"') {
            int at = from + 1;
            while (at < sql.length()) {
                if (sql.charAt(at) == c) {
                    if (at + 1 == sql.length() || sql.charAt(at + 1) != c) {
                        return at + 1;
                    }
                    at++;
                }
                at++;
            }
            throw ConsoleError.UNTERMINATED.failure(c == '"' ? "quoted identifier" : "quoted string");
        }
        int at = from;
        while (at < sql.length() && isWordPart(sql.charAt(at))) {
            at++;
        }
        return Math.max(at, from + 1);
    }

    private static boolean isWordPart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$';
    }

    int size() {
        return tokens.size();
    }

    /** A word in upper case; empty if there are not so many. */
    String word(int index) {
        return index < tokens.size() ? raw(index).toUpperCase(Locale.ROOT) : "";
    }

    private String raw(int index) {
        return source.substring(tokens.get(index).from, tokens.get(index).to);
    }

    /** Everything from a word on: a name without its quotes, or as it was written. Empty if there is nothing. */
    String argument(int index) {
        if (index >= tokens.size()) {
            return "";
        }
        String first = raw(index);
        char quote = first.charAt(0);
        if (index == tokens.size() - 1 && (quote == '"' || quote == '\'')) {
            String twice = String.valueOf(quote) + quote;
            return first.substring(1, first.length() - 1).replace(twice, String.valueOf(quote));
        }
        return source.substring(tokens.get(index).from, tokens.get(tokens.size() - 1).to);
    }

    /** The words, for a message: no more than the first three, and no values in quotes. */
    String brief() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < Math.min(3, tokens.size()); i++) {
            String word = raw(i);
            boolean shown = isWordPart(word.charAt(0)) && word.length() <= 40;
            out.append(i == 0 ? "" : " ").append(shown ? word : "...");
        }
        return out.append(tokens.size() > 3 ? " ..." : "").toString();
    }
}
