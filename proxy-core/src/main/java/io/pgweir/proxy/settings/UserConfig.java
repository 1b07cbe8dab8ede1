package io.pgweir.proxy.settings;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One user whom the configuration knows.
 *
 * @param name the role's name, the same towards clients and servers
 * @param password what the client must prove, and what the proxy logs in with; null: none is known
 */
public record UserConfig(String name, @Nullable Secret password) {
    public UserConfig {
        Objects.requireNonNull(name, "name");
    }
}
