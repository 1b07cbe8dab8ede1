package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.settings.HostPort;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What each server was when it was last seen, by whatever pool: for those who look at pgweir. What a pool does depends on its
 * {@link Standing}s alone. Thread-safe.
 */
public final class SeenRoles {
    private final Map<HostPort, ServerRole> roles = new ConcurrentHashMap<>();

    void seen(HostPort server, ServerRole role) {
        roles.put(server, role);
    }

    void retain(Set<HostPort> servers) {
        roles.keySet().retainAll(servers);
    }

    /** Null: no login has told it yet. */
    public @Nullable ServerRole of(HostPort server) {
        return roles.get(server);
    }
}
