package io.pgweir.proxy.backend;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a backend reports of itself by ParameterStatus, in the order it first did. */
public final class ServerParameters {
    private final Map<String, String> values = new LinkedHashMap<>();
    private Map<String, String> atLogin = Map.of();

    public @Nullable String get(String name) {
        return values.get(name);
    }

    /** The login is complete. */
    void loggedIn() {
        atLogin = snapshot();
    }

    /** What it was when the backend had logged in. */
    public @Nullable String atLogin(String name) {
        return atLogin.get(name);
    }

    void put(String name, String value) {
        values.put(name, value);
    }

    /** A copy that does not change. */
    public Map<String, String> snapshot() {
        return Map.copyOf(values);
    }
}
