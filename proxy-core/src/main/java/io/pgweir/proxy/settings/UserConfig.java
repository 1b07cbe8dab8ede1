package io.pgweir.proxy.settings;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One user whom the configuration knows.
 *
 * @param name the role's name, the same towards clients and servers
 * @param password what the client must prove, and what the proxy logs in with, in any form of {@link StoredPassword}; null: none
 *     is known
 * @param maxClients most clients of this user at one time; 0: no limit; null: as many as of others
 */
public record UserConfig(
        String name, @Nullable Secret password, @Nullable Integer maxClients) {
    public UserConfig {
        Objects.requireNonNull(name, "name");
    }

    public UserConfig(String name, @Nullable Secret password) {
        this(name, password, null);
    }
}
