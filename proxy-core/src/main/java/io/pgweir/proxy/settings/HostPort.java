package io.pgweir.proxy.settings;

import java.util.Objects;

/**
 * A host name or address and a TCP port.
 *
 * @param host name, IPv4 address or IPv6 address without brackets
 * @param port 0 to 65535; 0 only makes sense for listening (the system chooses)
 */
public record HostPort(String host, int port) {
    public HostPort {
        Objects.requireNonNull(host, "host");
        if (host.isEmpty()) {
            throw new IllegalArgumentException("the host is missing");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not between 0 and 65535");
        }
    }

    /**
     * Reads {@code host:port}; IPv6 addresses stand in brackets.
     *
     * @throws IllegalArgumentException with a message for people that says what is wrong
     */
    public static HostPort parse(String text) {
        String trimmed = text.strip();
        int colon = trimmed.lastIndexOf(':');
        int bracket = trimmed.lastIndexOf(']');
        if (colon < 0 || colon < bracket) {
            throw new IllegalArgumentException(
                    "'" + trimmed + "' has no port: write HOST:PORT, for example 127.0.0.1:6432");
        }
        return of(trimmed.substring(0, colon), trimmed.substring(colon + 1));
    }

    /** As {@link #parse(String)}, with a port to use when the text names none. */
    static HostPort parse(String text, int defaultPort) {
        int colon = text.lastIndexOf(':');
        boolean noPort = colon < 0 || colon < text.lastIndexOf(']') || colon == text.length() - 1;
        if (noPort) {
            return of(colon == text.length() - 1 && colon >= 0 ? text.substring(0, colon) : text, "" + defaultPort);
        }
        return parse(text);
    }

    private static HostPort of(String host, String port) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!bracketed && bare.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "'" + host + "' looks like an IPv6 address: write it in brackets, for example [::1]:6432");
        }
        if (bare.isBlank() || bare.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException("the host before ':" + port + "' is missing or has spaces in it");
        }
        if (port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("'" + port + "' is not a port: write a number from 0 to 65535");
        }
        return new HostPort(bare, Integer.parseInt(port));
    }

    /** {@code host:port}, with brackets around an IPv6 address. */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
