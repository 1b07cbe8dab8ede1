package io.pgweir.proxy.session;

import io.pgweir.proxy.auth.AuthQueries;
import io.pgweir.proxy.auth.Credentials;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ListenMode;
import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pools, made when somebody who has proved who they are first needs them, and at most max_pools of them. One that has
 * neither clients nor backends is dropped when another needs its place; those of database URLs' own users always have one.
 * Thread-safe.
 */
public final class PoolDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(PoolDirectory.class);

    private final ProxyConfig config;
    private final BackendConnector connector;
    private final List<LoopContext> loops;
    private final Breakers breakers;
    private final Credentials credentials;
    private final AuthQueries authQueries;
    private final DatabaseSwitches switches = new DatabaseSwitches();
    private final AtomicLong statementNumbers = new AtomicLong();
    /** Changed with the lock of this object only. */
    private final Map<PoolKey, Entry> entries = new ConcurrentHashMap<>();

    private final class Entry {
        private final DatabaseConfig database;
        private final Pool pool;
        private final LoginProfiles profiles;
        private final Pool listening;
        private final @Nullable NotificationHub hub;
        /** Changed with the lock of the directory. */
        private volatile int users;

        Entry(DatabaseConfig database, PoolKey key) {
            PoolSettings settings = database.pool();
            this.database = database;
            Servers servers = breakers.servers(database.hosts(), settings.hosts());
            BackendCredentials own = credentials.hold(database, key.user());
            this.pool = create(database, key, settings, servers, own);
            this.profiles = new LoginProfiles(pool);
            boolean extra = settings.listen().extraConnection();
            this.listening = extra ? create(database, key, settings.ofOneBackend(), servers, own) : pool;
            this.hub = mayListen(pool, listening) ? new NotificationHub(pool, listening, loops) : null;
        }

        boolean mayGo() {
            return users == 0 && isUnused(pool) && isUnused(listening) && !isOwn(database, pool.key());
        }

        private static boolean isUnused(Pool pool) {
            return pool.open() == 0 && pool.waiting() == 0;
        }

        void end() {
            // For whoever has not heard of it yet, e.g. a hub whose last client has just left.
            pool.shutdown();
            listening.shutdown();
            credentials.release(database, pool.key().user());
        }
    }

    /** A backend that listens must leave another for the clients' work. */
    private static boolean mayListen(Pool pool, Pool listening) {
        PoolSettings settings = pool.settings();
        return settings.mode() != PoolMode.SESSION
                && settings.listen().mode() == ListenMode.MULTIPLEX
                && (listening != pool || settings.connectionLimit() > 1);
    }

    public PoolDirectory(ProxyConfig config, BackendConnector connector, List<LoopContext> loops) {
        this.config = config;
        this.connector = connector;
        this.loops = loops;
        this.breakers = new Breakers(config.breaker());
        this.credentials = new Credentials(config);
        this.authQueries = new AuthQueries(config, connector, loops, breakers, credentials);
        for (DatabaseConfig database : config.databases()) {
            if (database.pool().minConnections() > 0) {
                ownPool(database);
            }
        }
    }

    /** For a client of this user who has asked for {@code name}; null if there are max_pools, and all of them are used. */
    synchronized @Nullable PoolUse enter(DatabaseConfig database, String name, String user) {
        PoolKey key = new PoolKey(name, user);
        Entry entry = entries.get(key);
        if (entry == null) {
            if (!isOwn(database, key) && !hasRoom()) {
                return null;
            }
            entry = make(database, key);
        }
        entry.users = entry.users + 1;
        Entry used = entry;
        return new PoolUse(entry.pool, entry.profiles, entry.hub, () -> left(used));
    }

    private synchronized void left(Entry entry) {
        entry.users = entry.users - 1;
    }

    private boolean hasRoom() {
        if (entries.size() < config.maxPools()) {
            return true;
        }
        for (Entry entry : entries.values()) {
            if (entry.mayGo()) {
                LOG.debug("pool {}: dropped, nobody uses it", entry.pool.key());
                entries.remove(entry.pool.key());
                entry.end();
                return true;
            }
        }
        return false;
    }

    /** Whether it is the pool of the database URL's own user. */
    private static boolean isOwn(DatabaseConfig database, PoolKey key) {
        return !database.isWildcard() && key.user().equals(database.user());
    }

    private Entry make(DatabaseConfig database, PoolKey key) {
        Entry entry = new Entry(database, key);
        AdminOrder pause = switches.paused(key.database());
        if (pause != null) {
            entry.pool.steering().pause(pause);
            entry.listening.steering().pause(pause);
        }
        entries.put(key, entry);
        return entry;
    }

    private Pool create(
            DatabaseConfig database, PoolKey key, PoolSettings settings, Servers servers, BackendCredentials own) {
        BackendTarget target = new BackendTarget(
                database.hosts(),
                database.backendDatabaseFor(key.database()),
                key.user(),
                own,
                database.startupParameters(),
                settings.connectTimeout(),
                Math.max(1, settings.preparedStatementLimit()),
                settings.hosts().target(),
                database.tls());
        return new Pool(key, settings, target, connector, new StatementRegistry(statementNumbers), servers, loops);
    }

    /** The breakers of the servers that pools have used. */
    public Breakers breakers() {
        return breakers;
    }

    /** What backends log in with. */
    Credentials credentials() {
        return credentials;
    }

    /** The databases that are asked for passwords, each over a pool of its own. */
    public AuthQueries authQueries() {
        return authQueries;
    }

    /** The configured databases. */
    public List<DatabaseConfig> databases() {
        return config.databases();
    }

    /** The pool of the user whose credentials the database's URL carries; null without one, or if it is any database. */
    public @Nullable Pool ownPool(DatabaseConfig database) {
        String user = database.user();
        if (user == null || database.isWildcard()) {
            return null;
        }
        PoolKey key = new PoolKey(database.name(), user);
        Entry known = entries.get(key);
        if (known == null) {
            synchronized (this) {
                known = entries.get(key);
                known = known == null ? make(database, key) : known;
            }
        }
        return known.pool;
    }

    /** The pools of one configured database, whoever their users are. */
    public List<Pool> poolsOf(DatabaseConfig database) {
        List<Pool> pools = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (entry.database == database) {
                pools.add(entry.pool);
            }
        }
        return pools;
    }

    /** All pools there are now, and those that only listen or ask for passwords. */
    public List<Pool> poolsAndListeners() {
        return poolsAndListeners(null);
    }

    /**
     * The same of one database.
     *
     * @param database as clients call it; null: any
     */
    public List<Pool> poolsAndListeners(@Nullable String database) {
        List<Pool> pools = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (database == null || entry.pool.key().database().equals(database)) {
                pools.add(entry.pool);
                if (entry.listening != entry.pool) {
                    pools.add(entry.listening);
                }
            }
        }
        authQueries.pools().stream()
                .filter(pool -> database == null || pool.key().database().equals(database))
                .forEach(pools::add);
        return pools;
    }

    /** Clients of a pool, those included that are about to be. */
    public int clients(Pool pool) {
        Entry entry = entries.get(pool.key());
        return entry == null ? 0 : entry.users;
    }

    // ---- orders of administrators

    public DatabaseSwitches switches() {
        return switches;
    }

    /** Nobody gets a backend of this database; null: of any, those included that have no pool yet. */
    public synchronized void pause(@Nullable String database, AdminOrder order) {
        switches.pause(database, order);
        poolsAndListeners(database).forEach(pool -> pool.steering().pause(order));
    }

    /**
     * The same, unless it is paused already.
     *
     * @return the order that it is paused by
     */
    public synchronized AdminOrder pauseOnce(@Nullable String database, AdminOrder order) {
        AdminOrder before = database == null ? switches.allPaused() : switches.paused(database);
        if (before == null) {
            pause(database, order);
        }
        return before == null ? order : before;
    }

    /** Ends the pause of one database, or of all (null). What is paused otherwise stays so. */
    public synchronized void resume(@Nullable String database) {
        switches.resume(database);
        resumeUnlessPaused(database);
    }

    /** Takes one order back. What is paused by another stays so. */
    public synchronized void resume(@Nullable String database, AdminOrder order) {
        switches.resume(database, order);
        resumeUnlessPaused(database);
    }

    private void resumeUnlessPaused(@Nullable String database) {
        for (Pool pool : poolsAndListeners(database)) {
            if (switches.paused(pool.key().database()) == null) {
                pool.steering().resume();
            }
        }
    }

    /** All pools there are now. */
    public List<Pool> pools() {
        List<Pool> pools = new ArrayList<>();
        entries.values().forEach(entry -> pools.add(entry.pool));
        return pools;
    }
}
