package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the comment of a statement says about who sent it. Comments count if they stand before or behind the statement and
 * consist of nothing but tags: {@code /*route='%2Fapi%2Fenroll',prismaQuery='Course.findMany:...'*\/} (sqlcommenter, values
 * URL-encoded) or {@code /*controller:users,action:index*\/} (the older form). Never throws; linear time.
 */
public final class QueryTags {
    /** Longest label, in characters. */
    public static final int LONGEST = 80;

    private static final int LONGEST_COMMENT = 2048;

    private QueryTags() {}

    /**
     * The label: route, or controller and action, followed by Prisma's model and operation; else the application. Null without
     * any of them.
     */
    public static @Nullable String label(ByteBuf sql, int from, int to, boolean standardStrings) {
        String leading = null;
        String trailing = null;
        boolean statement = false;
        int at = from;
        while (at < to) {
            byte c = sql.getByte(at);
            if (SqlLexer.isSpace(c) || c == ';') {
                at++;
            } else if (c == '-' && SqlLexer.isByte(sql, at + 1, to, '-')) {
                at = SqlLexer.lineEnd(sql, at + 2, to);
            } else if (c == '/' && SqlLexer.isByte(sql, at + 1, to, '*')) {
                int end = SqlLexer.commentEnd(sql, at, to);
                if (end < 0) {
                    return leading;
                }
                String found = comment(sql, at + 2, end - 2);
                leading = leading == null && !statement ? found : leading;
                trailing = statement && found != null ? found : trailing;
                at = end;
            } else {
                int end = Math.min(to, SqlLexer.tokenEnd(sql, at, to, standardStrings));
                boolean escapes = c == 'e' || c == 'E';
                boolean string = end > at + 1 && sql.getByte(end - 1) == '\'';
                if (string && RawTokens.hasUncertainEnd(sql, at, end, escapes)) {
                    return leading;
                }
                statement = true;
                trailing = null;
                at = end;
            }
        }
        return trailing != null ? trailing : leading;
    }

    /** The label in the comment that ends a text whose beginning is not at hand. */
    public static @Nullable String labelAtEnd(ByteBuf sql, int from, int to) {
        int end = to;
        while (end > from && (SqlLexer.isSpace(sql.getByte(end - 1)) || sql.getByte(end - 1) == ';')) {
            end--;
        }
        if (end - from < 4 || sql.getByte(end - 1) != '/' || sql.getByte(end - 2) != '*') {
            return null;
        }
        for (int at = end - 4; at >= from; at--) {
            if (sql.getByte(at) == '/' && sql.getByte(at + 1) == '*') {
                return comment(sql, at + 2, end - 2);
            }
        }
        return null;
    }

    private static @Nullable String comment(ByteBuf sql, int from, int to) {
        if (to - from > LONGEST_COMMENT || to <= from) {
            return null;
        }
        Map<String, String> tags = new LinkedHashMap<>();
        return pairs(sql.toString(from, to - from, StandardCharsets.UTF_8).strip(), tags) ? label(tags) : null;
    }

    private static @Nullable String label(Map<String, String> tags) {
        String place = path(tags.get("route"));
        String controller = tags.get("controller");
        if (place == null && controller != null) {
            String action = tags.get("action");
            place = action == null ? controller : controller + "/" + action;
        }
        String query = tags.get("prismaQuery");
        if (query != null) {
            int shape = query.indexOf(':');
            String operation = shape < 0 ? query : query.substring(0, shape);
            place = place == null ? operation : place + " " + operation;
        }
        String label = place == null ? tags.get("application") : place;
        return label == null || label.isBlank() ? null : Printable.shortened(Printable.of(label.strip()), LONGEST);
    }

    /** Some put the URL there, and values stand behind its question mark. */
    private static @Nullable String path(@Nullable String route) {
        int query = route == null ? -1 : route.indexOf('?');
        return query < 0 ? route : route.substring(0, query);
    }

    /** False if the text is anything else than a list of tags. */
    private static boolean pairs(String text, Map<String, String> tags) {
        int at = 0;
        while (at < text.length()) {
            int nameEnd = nameEnd(text, at);
            if (nameEnd == at || nameEnd == text.length()) {
                return false;
            }
            char separator = text.charAt(nameEnd);
            int value = nameEnd + 1;
            int end;
            if (separator == '=' && value < text.length() && text.charAt(value) == '\'') {
                end = quotedEnd(text, value + 1);
                if (end < 0) {
                    return false;
                }
                tags.put(text.substring(at, nameEnd), decode(text.substring(value + 1, end)));
                end++;
            } else if (separator == ':' || separator == '=') {
                end = plainEnd(text, value);
                if (end == value) {
                    return false;
                }
                tags.put(text.substring(at, nameEnd), text.substring(value, end));
            } else {
                return false;
            }
            if (end < text.length() && text.charAt(end) != ',') {
                return false;
            }
            at = end + 1;
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
        }
        return !tags.isEmpty();
    }

    private static int nameEnd(String text, int from) {
        int at = from;
        while (at < text.length() && (isLetterOrDigit(text.charAt(at)) || "_.-".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        return at;
    }

    /** A quoted value is URL-encoded, so no white space or quote stands in it as itself. */
    private static int quotedEnd(String text, int from) {
        int at = from;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length()) {
                at += 2;
            } else if (c == '\'') {
                return at;
            } else if (c <= ' ' || c == '"' || c == ';') {
                return -1;
            } else {
                at++;
            }
        }
        return -1;
    }

    private static int plainEnd(String text, int from) {
        int at = from;
        while (at < text.length() && (isLetterOrDigit(text.charAt(at)) || "_.-/#".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        return at;
    }

    private static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static String decode(String value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            int high = c == '%' && i + 2 < value.length() ? Character.digit(value.charAt(i + 1), 16) : -1;
            int low = high >= 0 ? Character.digit(value.charAt(i + 2), 16) : -1;
            if (low >= 0) {
                bytes.write(high << 4 | low);
                i += 2;
            } else if (c != '\\') {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
