package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What backends log in with, one for each user: the same for all pools that have the same password from the configuration, else one
 * for each entry of a database. Those that pools have stay while they do; of the others the last {@link #MOST_UNUSED} that somebody
 * has proved. Thread-safe.
 */
public final class Credentials {
    /**
     * @param secret from the configuration
     * @param database the entry that is asked by auth_query
     */
    private record Owner(
            String user, @Nullable Secret secret, @Nullable String database) {}

    static final int MOST_UNUSED = 1_000;

    /** How many pools have some, or none. */
    private static final class Held {
        private final BackendCredentials credentials;
        private int pools;

        Held(BackendCredentials credentials) {
            this.credentials = credentials;
        }
    }

    private final ProxyConfig config;
    private final Map<Owner, Held> used = new HashMap<>();
    private final Map<Owner, Held> unused = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Owner, Held> eldest) {
            return size() > MOST_UNUSED;
        }
    };

    public Credentials(ProxyConfig config) {
        this.config = config;
    }

    /** Those of a user for one database. */
    synchronized BackendCredentials of(DatabaseConfig database, String user) {
        Owner owner = owner(database, user);
        return owner == null ? BackendCredentials.of(null) : held(owner).credentials;
    }

    /** The same for a pool, which must {@link #release} them once. */
    public synchronized BackendCredentials hold(DatabaseConfig database, String user) {
        Owner owner = owner(database, user);
        if (owner == null) {
            return BackendCredentials.of(null);
        }
        Held held = held(owner);
        held.pools++;
        unused.remove(owner);
        used.put(owner, held);
        return held.credentials;
    }

    /** A pool has gone. */
    public synchronized void release(DatabaseConfig database, String user) {
        Owner owner = owner(database, user);
        Held held = owner == null ? null : used.get(owner);
        if (owner != null && held != null && --held.pools == 0) {
            used.remove(owner);
        }
    }

    /** The database says now that the password of a user is this; null: the user may not log in. */
    synchronized void found(DatabaseConfig database, String user, @Nullable StoredPassword stored) {
        Held there = there(asked(database, user));
        if (there != null) {
            there.credentials.replace(stored);
        }
    }

    private @Nullable Held there(Owner owner) {
        Held held = used.get(owner);
        return held == null ? unused.get(owner) : held;
    }

    private Held held(Owner owner) {
        Held there = there(owner);
        if (there == null) {
            there = new Held(
                    owner.secret == null
                            ? BackendCredentials.broughtByClients()
                            : BackendCredentials.of(StoredPassword.of(owner.secret)));
            unused.put(owner, there);
        }
        return there;
    }

    /** Null: there is nothing that could be known of this user. */
    private @Nullable Owner owner(DatabaseConfig database, String user) {
        Secret secret = config.backendPassword(database, user);
        if (secret != null) {
            return new Owner(user, secret, null);
        }
        return database.authQuery() == null ? null : asked(database, user);
    }

    private static Owner asked(DatabaseConfig database, String user) {
        return new Owner(user, null, database.name());
    }
}
