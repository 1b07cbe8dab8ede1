package io.pgweir.proxy.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A database URL, {@code postgresql://user:password@host:5432/db?connection_limit=20}, as libpq and Prisma write it
 * (PostgreSQL manual, "Connection URIs").
 *
 * @param where where the URL stands
 * @param hosts at least one; {@code localhost:5432} when the URL names none
 * @param database the database's name, or null
 * @param user the role, or null
 * @param password the role's password, or null
 * @param startupParameters what goes into the startup message of each backend
 * @param pool the pool settings among its parameters
 */
record DatabaseUrl(
        String where,
        List<HostPort> hosts,
        @Nullable String database,
        @Nullable String user,
        @Nullable Secret password,
        Map<String, String> startupParameters,
        Layer pool) {

    static final int DEFAULT_PORT = 5432;

    /**
     * Reads a URL and reports everything that is wrong with it.
     *
     * @return null if it cannot be read as a URL at all; after other problems a result that must not be used to connect
     */
    static @Nullable DatabaseUrl parse(String url, String where, Problems problems) {
        try {
            DatabaseUrl parsed = new DatabaseUrlParser(where, problems).parse(url);
            String problem = StoredPassword.problem(parsed.password);
            if (problem != null) {
                problems.add(where, problem);
            }
            return parsed;
        } catch (BadValue e) {
            problems.add(where, String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Reads {@code h1:p1,h2,[::1]:p3}; the messages do not repeat the text, which may hold a misplaced password. */
    static List<HostPort> hosts(String text) throws BadValue {
        List<HostPort> hosts = new ArrayList<>();
        for (String one : text.split(",", -1)) {
            if (one.startsWith("/") || one.startsWith("%2F") || one.startsWith("%2f")) {
                throw new BadValue("Unix-domain sockets are not supported: name a host and a TCP port");
            }
            HostPort host = one.isEmpty() ? new HostPort("localhost", DEFAULT_PORT) : host(one);
            if (host.port() == 0) {
                throw new BadValue("port 0 cannot be connected to: write a port from 1 to 65535");
            }
            hosts.add(host);
        }
        return hosts;
    }

    private static HostPort host(String text) throws BadValue {
        try {
            HostPort host = HostPort.parse(text, DEFAULT_PORT);
            if (!host.host().matches("[\\p{L}\\p{N}._:%-]+")) {
                throw new BadValue("the host has characters that no host name has: write user:password@host:port, and "
                        + "percent-encode special characters of the password");
            }
            return host;
        } catch (IllegalArgumentException e) {
            throw new BadValue("the host and port cannot be read: write host:port with a port from 1 to 65535, IPv6 "
                    + "addresses in brackets, and user:password@ before the host");
        }
    }
}
