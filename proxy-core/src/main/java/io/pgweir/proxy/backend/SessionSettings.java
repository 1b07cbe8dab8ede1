package io.pgweir.proxy.backend;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Run-time parameters that a session has set, beyond what the server, database and role give by themselves. Immutable;
 * sessions with equal settings share one instance where they can, so that comparing is usually comparing references.
 */
public final class SessionSettings {
    public static final SessionSettings NONE = new SessionSettings(Map.of());

    private final Map<String, String> values;
    private final int hash;

    private SessionSettings(Map<String, String> values) {
        this.values = values;
        this.hash = values.hashCode();
    }

    /** @param values by lower-case parameter name; copied */
    public static SessionSettings of(Map<String, String> values) {
        return values.isEmpty() ? NONE : new SessionSettings(new TreeMap<>(values));
    }

    /** These settings with {@code newer} on top. */
    public SessionSettings overlaidWith(SessionSettings newer) {
        if (newer.isEmpty() || newer.equals(this)) {
            return this;
        }
        if (isEmpty()) {
            return newer;
        }
        Map<String, String> both = new TreeMap<>(values);
        both.putAll(newer.values);
        return new SessionSettings(both);
    }

    /** These settings without {@code name}. */
    public SessionSettings without(String name) {
        if (!values.containsKey(name)) {
            return this;
        }
        Map<String, String> rest = new TreeMap<>(values);
        rest.remove(name);
        return of(rest);
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    public @Nullable String get(String name) {
        return values.get(name);
    }

    /** Names in order; unmodifiable view. */
    public Map<String, String> values() {
        return java.util.Collections.unmodifiableMap(values);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof SessionSettings that && hash == that.hash && values.equals(that.values));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** Names only: values may be private. */
    @Override
    public String toString() {
        return "SessionSettings" + values.keySet();
    }
}
