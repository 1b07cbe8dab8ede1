package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a backend reports of itself by ParameterStatus, in the order it first did. */
public final class ServerParameters {
    private final Map<String, String> values = new LinkedHashMap<>();
    private int length;
    private volatile Map<String, String> atLogin = Map.of();
    private volatile @Nullable ServerRole role;

    public @Nullable String get(String name) {
        return values.get(name);
    }

    /** What the server is, if the pool wants to know; any thread. */
    public @Nullable ServerRole role() {
        return role;
    }

    void role(@Nullable ServerRole now) {
        role = now;
    }

    /** The login is complete. */
    void loggedIn() {
        atLogin = snapshot();
    }

    /** What it was when the backend had logged in. */
    public @Nullable String atLogin(String name) {
        return atLogin.get(name);
    }

    /**
     * All of what it was when the backend had logged in; unmodifiable. The same object on all backends of a pool that said
     * the same, so that comparing them is comparing references.
     */
    public Map<String, String> atLogin() {
        return atLogin;
    }

    /** {@code equal} takes the place of this backend's own. */
    public void shareAtLogin(Map<String, String> equal) {
        atLogin = equal;
    }

    /** The server's configuration has changed: whoever logs in now gets this value. */
    void reconfigured(String name, String value) {
        Map<String, String> changed = new HashMap<>(atLogin);
        changed.put(name, value);
        atLogin = Map.copyOf(changed);
    }

    /** @throws ProtocolViolation if all names and values together are longer than any server's */
    void put(String name, String value) {
        String before = values.put(name, value);
        length += value.length() - (before == null ? -name.length() : before.length());
        if (length > Limits.REPORTED_PARAMETERS) {
            throw new ProtocolViolation(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "the server reports parameters of more than " + Limits.REPORTED_PARAMETERS + " characters");
        }
    }

    /** A copy that does not change. */
    public Map<String, String> snapshot() {
        return Map.copyOf(values);
    }
}
