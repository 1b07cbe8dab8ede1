package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import io.pgweir.proxy.settings.UserConfig;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What backends log in with, one for each user: the same for all pools that have the same password from the configuration, else one
 * for each entry of a database. Those that pools have stay while they do; of the others, that pools have had or somebody has proved,
 * the last {@link #MOST_UNUSED}. Thread-safe.
 */
public final class Credentials {
    /**
     * @param secret from the configuration
     * @param database the entry that is asked by auth_query
     */
    private record Owner(
            String user, @Nullable Secret secret, @Nullable String database) {
        /** Whether the database is asked, and clients bring what it takes. */
        boolean isAsked() {
            return database != null;
        }
    }

    static final int MOST_UNUSED = 1_000;

    /** How many pools have some, or none. */
    private static final class Held {
        private final BackendCredentials credentials;
        private int pools;

        Held(BackendCredentials credentials) {
            this.credentials = credentials;
        }
    }

    /** Those of one pool, until it gives them back. */
    public static final class Lease {
        private final @Nullable Owner owner;
        private final BackendCredentials credentials;

        private Lease(@Nullable Owner owner, BackendCredentials credentials) {
            this.owner = owner;
            this.credentials = credentials;
        }

        public BackendCredentials credentials() {
            return credentials;
        }
    }

    private final LiveConfig live;
    private final Map<Owner, Held> used = new HashMap<>();
    private final Map<Owner, Held> unused = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Owner, Held> eldest) {
            return size() > MOST_UNUSED;
        }
    };

    public Credentials(LiveConfig live) {
        this.live = live;
    }

    /** Those of a user for one database. */
    synchronized BackendCredentials of(DatabaseConfig database, String user) {
        Owner owner = owner(database, user);
        return owner == null ? BackendCredentials.of(null) : held(owner).credentials;
    }

    /** The same for a pool, which must {@link #release} them once. */
    public synchronized Lease hold(DatabaseConfig database, String user) {
        return lease(owner(database, user));
    }

    private Lease lease(@Nullable Owner owner) {
        if (owner == null) {
            return new Lease(null, BackendCredentials.of(null));
        }
        Held held = held(owner);
        held.pools++;
        unused.remove(owner);
        used.put(owner, held);
        return new Lease(owner, held.credentials);
    }

    /** A pool has gone. What it had stays for the next: a client that is just coming may have brought it. */
    public synchronized void release(Lease lease) {
        Owner owner = lease.owner;
        Held held = owner == null ? null : used.get(owner);
        if (owner != null && held != null && --held.pools == 0) {
            used.remove(owner);
            if (isOfUse(owner)) {
                unused.put(owner, held);
            }
        }
    }

    // ---- another configuration

    /**
     * What a pool goes on with. As long as the user's clients have not brought what would be used instead, and when there is nothing
     * of this user any more, that is what it has: those who are connected are served as before.
     *
     * @param lease given back if it is not the result
     */
    public synchronized Lease follow(Lease lease, DatabaseConfig database, String user) {
        Owner wanted = owner(database, user);
        if (isKept(lease, wanted)) {
            return lease;
        }
        Lease next = lease(wanted);
        release(lease);
        return next;
    }

    /** Whether {@link #follow} would give another. */
    public synchronized boolean isOvertaken(Lease lease, DatabaseConfig database, String user) {
        return !isKept(lease, owner(database, user));
    }

    private boolean isKept(Lease lease, @Nullable Owner wanted) {
        Owner has = lease.owner;
        if (has == null || has.equals(wanted)) {
            return Objects.equals(wanted, has);
        }
        return wanted == null ? has.isAsked() || live.config().user(has.user) == null : isAwaited(wanted);
    }

    /** Whether a pool has what would be used now. */
    public synchronized boolean isCurrent(Lease lease, DatabaseConfig database, String user) {
        return Objects.equals(owner(database, user), lease.owner);
    }

    /** Whether a pool has what nothing will take the place of: there is nothing of this user any more. */
    public synchronized boolean isLast(Lease lease, DatabaseConfig database, String user) {
        return lease.owner != null && owner(database, user) == null;
    }

    /** Whether it is of no use until a client brings something. */
    private boolean isAwaited(Owner wanted) {
        Held there = there(wanted);
        boolean keyless = wanted.isAsked() || StoredPassword.of(wanted.secret) instanceof StoredPassword.Verifier;
        return keyless && (there == null || !there.credentials.areComplete());
    }

    /** Something else is configured: what no pool has and nobody could use is forgotten. */
    public synchronized void configured() {
        unused.keySet().removeIf(owner -> !isOfUse(owner));
    }

    /** Whether a pool could be made that has it. */
    private boolean isOfUse(Owner owner) {
        ProxyConfig config = live.config();
        if (owner.database != null) {
            DatabaseConfig database = config.named(owner.database);
            return database != null && owner.equals(owner(database, owner.user));
        }
        UserConfig known = config.user(owner.user);
        return (known != null && Objects.equals(owner.secret, known.password()))
                || config.databases().stream()
                        .anyMatch(database -> owner.user.equals(database.user())
                                && Objects.equals(owner.secret, database.password()));
    }

    /** The database of this entry says now that the password of a user is this; null: the user may not log in. */
    synchronized void found(String database, String user, @Nullable StoredPassword stored) {
        Held there = there(new Owner(user, null, database));
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
        Secret secret = live.config().backendPassword(database, user);
        if (secret != null) {
            return new Owner(user, secret, null);
        }
        return database.authQuery() == null ? null : new Owner(user, null, database.name());
    }
}
