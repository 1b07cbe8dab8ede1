package io.pgweir.proxy.backend;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The settings of one client that decide what a text means to PostgreSQL. At Parse it turns names into objects, literals into
 * values, and keeps them; so only clients to whom the text means the same may share a statement. Immutable.
 */
public final class ParseContext {
    /** Of clients that have set nothing of the kind. */
    public static final ParseContext NONE = new ParseContext(SessionSettings.NONE, SessionSettings.NONE);

    /** What names and operators stand for. */
    private static final Set<String> NAMES =
            Set.of("search_path", "role", "session_authorization", "transform_null_equals");

    /** What literals, and bytes beyond ASCII, stand for. */
    private static final Set<String> LITERALS = Set.of(
            "timezone",
            "timezone_abbreviations",
            "datestyle",
            "intervalstyle",
            "standard_conforming_strings",
            "client_encoding",
            "array_nulls",
            "lc_monetary",
            "xmloption");

    private final SessionSettings ofNames;
    private final SessionSettings ofAll;

    private ParseContext(SessionSettings ofNames, SessionSettings ofAll) {
        this.ofNames = ofNames;
        this.ofAll = ofAll;
    }

    /** What of {@code settings} counts. */
    public static ParseContext of(SessionSettings settings) {
        Map<String, String> names = new HashMap<>();
        Map<String, String> all = new HashMap<>();
        settings.values().forEach((name, value) -> {
            if (NAMES.contains(name)) {
                names.put(name, value);
            }
            if (dependsOn(name)) {
                all.put(name, value);
            }
        });
        return all.isEmpty() ? NONE : new ParseContext(SessionSettings.of(names), SessionSettings.of(all));
    }

    /** Whether a setting counts; {@code name} in lower case. */
    public static boolean dependsOn(String name) {
        return NAMES.contains(name) || LITERALS.contains(name);
    }

    /** What counts for the text in {@code body}, a Parse message behind the name. */
    SessionSettings forText(byte[] body) {
        return ofNames == ofAll || !hasLiteral(body) ? ofNames : ofAll;
    }

    /** A string in quotes or dollars, or a byte that is read according to client_encoding. Parameters are none. */
    private static boolean hasLiteral(byte[] body) {
        for (int i = 0; i < body.length && body[i] != 0; i++) {
            byte c = body[i];
            boolean opensDollars = c == '$' && (i + 1 == body.length || body[i + 1] < '0' || body[i + 1] > '9');
            if (c == '\'' || c < 0 || opensDollars) {
                return true;
            }
        }
        return false;
    }
}
