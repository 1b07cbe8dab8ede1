package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.NetUtil;
import io.pgweir.proxy.settings.HttpAccess;
import io.pgweir.proxy.settings.Secret;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may read which page. Probes may always ask whether pgweir is live and ready; docs/http.md has the rules for the rest.
 * Immutable.
 */
final class Access {
    private static final Set<String> FOR_PROBES = Set.of("/health/live", "/health/ready");
    private static final Set<String> FOR_MONITORING = Set.of("/health", "/metrics");
    private static final String BEARER = "bearer ";
    private static final String BASIC = "basic ";
    private static final Map<String, String> CHALLENGE =
            Map.of("WWW-Authenticate", "Basic realm=\"pgweir\", charset=\"UTF-8\"");

    private enum Rule {
        /** A loopback address: whoever is on this machine, but no web page that a browser here has loaded from elsewhere. */
        THIS_MACHINE,
        /** An address that others reach too: what monitoring reads, and no more. */
        MONITORING,
        TOKEN,
        EVERYBODY
    }

    private final Rule rule;
    private final String name;
    private final @Nullable Secret token;

    private Access(Rule rule, String name, @Nullable Secret token) {
        this.rule = rule;
        this.name = name;
        this.token = token;
    }

    /** @param address where the pages are served, with the name that the configuration gives it */
    static Access of(HttpAccess settings, InetSocketAddress address) {
        boolean loopback = address.getAddress().isLoopbackAddress();
        Rule rule = settings.token() != null
                ? Rule.TOKEN
                : settings.open() ? Rule.EVERYBODY : loopback ? Rule.THIS_MACHINE : Rule.MONITORING;
        return new Access(rule, address.getHostString().toLowerCase(Locale.ROOT), settings.token());
    }

    /** What to answer instead; null: the page may be read. */
    @Nullable
    Answer refusal(Request request) {
        if (FOR_PROBES.contains(request.path())) {
            return null;
        }
        return switch (rule) {
            case EVERYBODY -> null;
            case THIS_MACHINE ->
                request.hosts().stream().allMatch(this::isOwnName)
                        ? null
                        : forbidden(
                                "pgweir is asked by a name that is not this machine's, as web pages from elsewhere can"
                                        + " make a browser do. Open http://localhost or http://127.0.0.1 with the same port. Behind a"
                                        + " proxy of your own set http_token, or http_public: see docs/http.md");
            case MONITORING ->
                FOR_MONITORING.contains(request.path())
                        ? null
                        : forbidden("the dashboard and /api are closed at this address, because others reach it: set"
                                + " http_token (or http_token_file) to ask for a secret, or http_public: true to open them to"
                                + " everybody. /health/live, /health/ready, /health and /metrics are open");
            case TOKEN ->
                isProved(request.authorization())
                        ? null
                        : Answer.text(
                                        HttpResponseStatus.UNAUTHORIZED,
                                        "this page needs the secret that http_token (or http_token_file) names, as"
                                                + " \"Authorization: Bearer TOKEN\"; in a browser it is the password, with any"
                                                + " user name. /health/live and /health/ready are open")
                                .with(CHALLENGE);
        };
    }

    private static Answer forbidden(String why) {
        return Answer.text(HttpResponseStatus.FORBIDDEN, why);
    }

    /** Names can be made to lead to this machine by whoever owns them; addresses, and localhost, cannot. */
    private boolean isOwnName(String header) {
        String host = withoutPort(header.strip()).toLowerCase(Locale.ROOT);
        return host.equals(name)
                || host.equals("localhost")
                || host.endsWith(".localhost")
                || NetUtil.isValidIpV4Address(host)
                || (host.startsWith("[") && host.endsWith("]"));
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    private boolean isProved(@Nullable String authorization) {
        String shown = shown(authorization);
        return shown != null && new Secret(shown).equals(token);
    }

    /** The token that a header shows, rightly or not. */
    private static @Nullable String shown(@Nullable String authorization) {
        if (authorization == null) {
            return null;
        }
        String scheme = authorization.toLowerCase(Locale.ROOT);
        if (scheme.startsWith(BEARER)) {
            return authorization.substring(BEARER.length()).strip();
        }
        if (!scheme.startsWith(BASIC)) {
            return null;
        }
        try {
            byte[] both = Base64.getDecoder()
                    .decode(authorization.substring(BASIC.length()).strip());
            String credentials = new String(both, StandardCharsets.UTF_8);
            int colon = credentials.indexOf(':');
            return colon < 0 ? null : credentials.substring(colon + 1);
        } catch (IllegalArgumentException e) {
            return null; // no Base64
        }
    }

    /** Whether those who read the pages for monitoring may be strangers, from whom /api is kept. */
    boolean isForMonitoringOnly() {
        return rule == Rule.MONITORING;
    }

    /** Whether strangers may read something that names databases and users. */
    boolean isOpenToOthers() {
        return rule == Rule.MONITORING || rule == Rule.EVERYBODY;
    }

    /** For the log. */
    String words() {
        return switch (rule) {
            case THIS_MACHINE -> "open to this machine";
            case TOKEN -> "all but /health/live and /health/ready ask for the token of http_token";
            case MONITORING ->
                "health and metrics are open to everybody who can reach this address, and they show the names of databases"
                        + " and users, but no statements and no clients; the dashboard and /api are closed. Guard the address, listen on 127.0.0.1 with"
                        + " --http, or set http_token, which opens all of it to those who have the token";
            case EVERYBODY ->
                "http_public: everybody who can reach this address may read all of it, names of databases, users and"
                        + " applications among it. http_token would ask for a secret";
        };
    }
}
