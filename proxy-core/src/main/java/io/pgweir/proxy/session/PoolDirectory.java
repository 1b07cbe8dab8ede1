package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
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

/** The pools, made when somebody who has proved who they are first needs them. Thread-safe. */
public final class PoolDirectory {
    private final ProxyConfig config;
    private final BackendConnector connector;
    private final List<LoopContext> loops;
    private final Breakers breakers;
    private final AtomicLong statementNumbers = new AtomicLong();
    private final Map<PoolKey, Entry> entries = new ConcurrentHashMap<>();

    private static final class Entry {
        private final DatabaseConfig database;
        private final Pool pool;
        private final LoginProfiles profiles;
        private final Pool listening;
        private final @Nullable NotificationHub hub;

        Entry(DatabaseConfig database, Pool pool, Pool listening, List<LoopContext> loops) {
            this.database = database;
            this.pool = pool;
            this.profiles = new LoginProfiles(pool);
            this.listening = listening;
            this.hub = mayListen(pool, listening) ? new NotificationHub(pool, listening, loops) : null;
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
        for (DatabaseConfig database : config.databases()) {
            String user = database.user();
            if (!database.isWildcard() && user != null && database.pool().minConnections() > 0) {
                pool(database, database.name(), user);
            }
        }
    }

    /** The pool of a database entry, as asked for by the client, and a user. */
    Pool pool(DatabaseConfig database, String name, String user) {
        return entry(database, name, user).pool;
    }

    LoginProfiles profiles(DatabaseConfig database, String name, String user) {
        return entry(database, name, user).profiles;
    }

    private Entry entry(DatabaseConfig database, String name, String user) {
        return entries.computeIfAbsent(new PoolKey(name, user), key -> {
            PoolSettings settings = database.pool();
            Pool pool = create(database, key, settings);
            boolean extra = settings.listen().extraConnection();
            return new Entry(database, pool, extra ? create(database, key, settings.ofOneBackend()) : pool, loops);
        });
    }

    /** What multiplexes LISTEN in a pool; null: a client that listens keeps its backend. */
    @Nullable
    NotificationHub hub(Pool pool) {
        Entry entry = entries.get(pool.key());
        return entry == null ? null : entry.hub;
    }

    private Pool create(DatabaseConfig database, PoolKey key, PoolSettings settings) {
        BackendTarget target = new BackendTarget(
                database.hosts(),
                database.backendDatabaseFor(key.database()),
                key.user(),
                config.backendPassword(database, key.user()),
                database.startupParameters(),
                settings.connectTimeout(),
                Math.max(1, settings.preparedStatementLimit()));
        return new Pool(
                key,
                settings,
                target,
                connector,
                new StatementRegistry(statementNumbers),
                breakers.servers(target.hosts()),
                loops);
    }

    /** The breakers of the servers that pools have used. */
    public Breakers breakers() {
        return breakers;
    }

    /** The configured databases. */
    public List<DatabaseConfig> databases() {
        return config.databases();
    }

    /** The pool of the user whose credentials the database's URL carries; null without one, or if it is any database. */
    public @Nullable Pool ownPool(DatabaseConfig database) {
        String user = database.user();
        return user == null || database.isWildcard() ? null : pool(database, database.name(), user);
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

    /** All pools there are now, and those that only listen. */
    public List<Pool> poolsAndListeners() {
        List<Pool> pools = pools();
        entries.values().stream()
                .filter(entry -> entry.listening != entry.pool)
                .forEach(entry -> pools.add(entry.listening));
        return pools;
    }

    /** All pools there are now. */
    public List<Pool> pools() {
        List<Pool> pools = new ArrayList<>();
        entries.values().forEach(entry -> pools.add(entry.pool));
        return pools;
    }
}
