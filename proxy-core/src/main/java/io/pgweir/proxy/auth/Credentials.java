package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What backends log in with, one for each user: the same for all pools that have the same password from the configuration, else one
 * for each entry of a database. Asked for only for users who have proved who they are. Thread-safe.
 */
public final class Credentials {
    /**
     * @param secret from the configuration
     * @param database the entry that is asked by auth_query
     */
    private record Owner(
            String user, @Nullable Secret secret, @Nullable String database) {}

    private final ProxyConfig config;
    private final Map<Owner, BackendCredentials> known = new ConcurrentHashMap<>();

    public Credentials(ProxyConfig config) {
        this.config = config;
    }

    /** Those of a user for one database. */
    public BackendCredentials of(DatabaseConfig database, String user) {
        Secret secret = config.backendPassword(database, user);
        if (secret != null) {
            return known.computeIfAbsent(
                    new Owner(user, secret, null), missing -> BackendCredentials.of(StoredPassword.of(secret)));
        }
        return database.authQuery() == null
                ? BackendCredentials.of(null)
                : known.computeIfAbsent(asked(database, user), missing -> BackendCredentials.broughtByClients());
    }

    /** The database says now that the password of a user is this; null: the user may not log in. */
    void found(DatabaseConfig database, String user, @Nullable StoredPassword stored) {
        BackendCredentials there = known.get(asked(database, user));
        if (there != null) {
            there.replace(stored);
        }
    }

    private static Owner asked(DatabaseConfig database, String user) {
        return new Owner(user, null, database.name());
    }
}
