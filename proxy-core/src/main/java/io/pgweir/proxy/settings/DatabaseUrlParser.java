package io.pgweir.proxy.settings;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one database URL. A password with unencoded special characters tears a URL apart at the wrong place, so no
 * message repeats a part of the URL that could be a piece of one: only the names of parameters and values of pool
 * settings are ever repeated.
 */
final class DatabaseUrlParser {
    private static final String ENCODE =
            "percent-encode special characters of the password (@ is %40, / is %2F, ? is " + "%3F, # is %23, % is %25)";
    private static final String SHAPE = "write postgresql://user:password@host:5432/database";
    /** Below this a plain number may well mean seconds; from here on it is probably a driver's milliseconds. */
    private static final int PROBABLY_MILLISECONDS = 1000;

    private final String where;
    private final Problems problems;
    private final Layer pool = new Layer();
    private final Map<String, String> startup = new LinkedHashMap<>();
    private List<HostPort> hosts = new ArrayList<>();
    private @Nullable String database;
    private @Nullable String user;
    private @Nullable String password;
    private @Nullable String hostParameter;
    private @Nullable String portParameter;
    private @Nullable String sslAccept;
    private @Nullable String sslIdentity;

    DatabaseUrlParser(String where, Problems problems) {
        this.where = where;
        this.problems = problems;
    }

    DatabaseUrl parse(String url) throws BadValue {
        String rest = afterScheme(url.strip());
        int question = rest.indexOf('?');
        String query = question < 0 ? "" : rest.substring(question + 1);
        String beforeQuery = question < 0 ? rest : rest.substring(0, question);
        int slash = beforeQuery.indexOf('/');
        String authority = slash < 0 ? beforeQuery : beforeQuery.substring(0, slash);
        String path = slash < 0 ? "" : beforeQuery.substring(slash + 1);
        int at = authority.lastIndexOf('@');
        if (path.indexOf('@') >= 0 || (at < 0 && query.indexOf('@') >= 0)) {
            throw new BadValue("the '@' before the host stands after a '/' or '?': " + ENCODE);
        }
        if (path.indexOf('/') >= 0) {
            throw new BadValue("there is a '/' in the database name: " + SHAPE + ", and " + ENCODE);
        }
        if (at >= 0) {
            userinfo(authority.substring(0, at));
        }
        if (!path.isEmpty()) {
            database = decode(path, "the database name");
        }
        parameters(query);
        new PrismaTls(where, pool, problems).apply(sslAccept, sslIdentity);
        hosts(authority.substring(at + 1));
        Secret secret = password == null || password.isEmpty() ? null : new Secret(password);
        return new DatabaseUrl(where, hosts, database, user, secret, startup, pool);
    }

    private static String afterScheme(String url) throws BadValue {
        if (url.startsWith("\"") || url.startsWith("'")) {
            throw new BadValue("the URL stands in quotation marks: remove them");
        }
        String lower = url.toLowerCase(Locale.ROOT);
        for (String scheme : List.of("postgresql://", "postgres://")) {
            if (lower.startsWith(scheme)) {
                return url.substring(scheme.length());
            }
        }
        if (lower.startsWith("jdbc:")) {
            throw new BadValue("a JDBC URL is not understood: " + SHAPE);
        }
        if (lower.startsWith("prisma://") || lower.startsWith("prisma+")) {
            throw new BadValue("this is the URL of a Prisma service; give the URL of the database itself: " + SHAPE);
        }
        int end = url.indexOf("://");
        boolean hasScheme = end > 0 && url.substring(0, end).matches("[A-Za-z][A-Za-z0-9+.-]{0,19}");
        throw new BadValue(
                (hasScheme ? "'" + url.substring(0, end) + "://' is no PostgreSQL URL: " : "no URL: ") + SHAPE);
    }

    private void userinfo(String text) throws BadValue {
        int colon = text.indexOf(':');
        String name = decode(colon < 0 ? text : text.substring(0, colon), "the user");
        user = name.isEmpty() ? null : name;
        if (colon >= 0) {
            password = decode(text.substring(colon + 1), "the password");
        }
    }

    private void hosts(String inAuthority) throws BadValue {
        String text = hostParameter == null ? decodeHost(inAuthority) : hostParameter;
        List<HostPort> found = DatabaseUrl.hosts(text);
        if (portParameter != null) {
            String[] ports = portParameter.split(",", -1);
            List<HostPort> withPorts = new ArrayList<>();
            for (int i = 0; i < found.size(); i++) {
                String port = ports.length == 1 ? ports[0] : i < ports.length ? ports[i] : "";
                if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
                    throw new BadValue("port is not a number from 1 to 65535, or not one for each host");
                }
                withPorts.add(new HostPort(found.get(i).host(), Integer.parseInt(port)));
            }
            found = withPorts;
        }
        hosts = found;
    }

    private static String decodeHost(String text) throws BadValue {
        return text.startsWith("%2F") || text.startsWith("%2f") ? text : decode(text, "the host");
    }

    private void parameters(String query) {
        Set<String> seen = new HashSet<>();
        for (String pair : query.split("&")) {
            if (pair.isEmpty()) {
                continue;
            }
            try {
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals), "a parameter's name");
                if (!name.matches("[A-Za-z_][A-Za-z0-9_.-]{0,62}")) {
                    throw new BadValue("a parameter's name is malformed: write ?name=value&name=value, and " + ENCODE);
                }
                if (equals < 0) {
                    throw new BadValue("parameter " + name + " has no value: write " + name + "=VALUE");
                }
                if (!seen.add(name)) {
                    throw new BadValue("parameter " + name + " stands twice");
                }
                parameter(name, decode(pair.substring(equals + 1), "parameter " + name));
            } catch (BadValue e) {
                problems.add(where, String.valueOf(e.getMessage()));
            }
        }
    }

    private void parameter(String name, String value) throws BadValue {
        Setting<?> setting = Settings.byUrlParameter(name);
        UrlParameter other = UrlParameter.of(name);
        if (setting != null) {
            poolSetting(setting, name, value);
        } else if (other == null) {
            throw new BadValue(
                    "parameter " + name + " is unknown" + Suggestions.didYouMean(name, UrlParameter.allNames()));
        } else {
            switch (other.fate()) {
                case PART_OF_URL -> partOfUrl(other, value);
                case STARTUP_PARAMETER -> startup.put(name, value);
                case NOTED -> problems.note(where + "?" + name, other.note());
                default -> {}
            }
        }
    }

    private void poolSetting(Setting<?> setting, String name, String value) throws BadValue {
        String place = where + "?" + name;
        if (pool.has(setting)) {
            throw new BadValue("parameter " + name + " means the same as another parameter, " + setting.name());
        }
        pool.put(setting, value, place, problems);
        if (setting == Settings.POOL_TIMEOUT && value.matches("0+")) {
            problems.note(place, "0 means 'do not wait' here; Prisma's own pool takes it as 'wait for ever'");
        }
        boolean plain = value.matches("\\d{4,9}") && Integer.parseInt(value) >= PROBABLY_MILLISECONDS;
        if (plain && setting.type() instanceof ValueType.Time && pool.has(setting)) {
            problems.note(
                    place,
                    "a plain number is seconds: " + value + " s; write " + value + "ms if you mean milliseconds");
        }
    }

    private void partOfUrl(UrlParameter parameter, String value) throws BadValue {
        switch (parameter) {
            case HOST -> hostParameter = value;
            case PORT -> portParameter = value;
            case USER -> user = value;
            case PASSWORD -> password = value;
            case DBNAME -> database = value;
            case SCHEMA -> startup.put("search_path", quoteIdentifier(value));
            case SSLACCEPT -> sslAccept = value;
            case SSLIDENTITY -> sslIdentity = value;
            default -> throw new IllegalStateException(parameter + " is no part of a URL");
        }
    }

    /** As an identifier in SQL: Prisma's {@code schema} is a name, the search path is a list of identifiers. */
    private static String quoteIdentifier(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
    }

    /** Percent-decoding as libpq does it: a plus sign stays a plus sign. */
    private static String decode(String text, String what) throws BadValue {
        if (text.indexOf('%') < 0) {
            return text;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                int end = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
                i = end - 1;
                continue;
            }
            int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
            int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                throw new BadValue("a '%' in " + what
                        + " is not followed by two hexadecimal digits (00 excepted): write %25 for '%'");
            }
            bytes.write(high << 4 | low);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadValue("the percent-encoding in " + what + " is not UTF-8");
        }
    }
}
