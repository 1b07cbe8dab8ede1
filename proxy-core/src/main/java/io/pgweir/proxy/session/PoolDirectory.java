package io.pgweir.proxy.session;

import io.pgweir.proxy.auth.AuthQueries;
import io.pgweir.proxy.auth.Credentials;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementBudget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.tls.BackendTls;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    private final LiveConfig live;
    private final BackendConnector connector;
    private final List<LoopContext> loops;
    private final Breakers breakers;
    private final Credentials credentials;
    private final AuthQueries authQueries;
    private final DatabaseSwitches switches = new DatabaseSwitches();
    private final AtomicLong statementNumbers = new AtomicLong();
    /** What the prepared statements of all clients count in. */
    public final StatementBudget statementBudget = new StatementBudget();
    /** Who was configured once and is no more. */
    private final Set<String> goneUsers = new HashSet<>();
    /** Changed with the lock of this object only. */
    private final Map<PoolKey, PoolEntry> entries = new ConcurrentHashMap<>();

    public PoolDirectory(LiveConfig live, BackendConnector connector, List<LoopContext> loops) {
        this.live = live;
        this.connector = connector;
        this.loops = loops;
        this.breakers = new Breakers(live.config().breaker());
        this.credentials = new Credentials(live);
        this.authQueries = new AuthQueries(live, connector, loops, breakers, credentials);
        keepMinimum(live.config());
    }

    private void keepMinimum(ProxyConfig config) {
        for (DatabaseConfig database : config.databases()) {
            if (database.pool().minConnections() > 0) {
                ownPool(database);
            }
        }
    }

    /** For a client of this user who has asked for {@code name}; null if there are max_pools, and all of them are used. */
    synchronized @Nullable PoolUse enter(DatabaseConfig database, String name, String user) {
        PoolKey key = new PoolKey(name, user);
        PoolEntry entry = entries.get(key);
        if (entry != null && entry.isOutdated() && entry.isUnused()) {
            drop(entry);
            entry = null;
        }
        if (entry == null) {
            if (!isOwn(database, key) && !hasRoom()) {
                return null;
            }
            DatabaseConfig current = live.config().database(name);
            entry = make(current == null ? database : current, key);
            if (current == null) {
                entry.retire(); // it has just gone
            }
        } else if (credentials.isOvertaken(entry.lease(), database, user)) {
            bring(user); // what this client has proved, or another before it
        }
        PoolEntry used = entry;
        return entry.enter(loops, () -> left(used));
    }

    private synchronized void left(PoolEntry entry) {
        entry.leave();
        entry.drain();
    }

    private boolean hasRoom() {
        int most = live.config().maxPools();
        for (PoolEntry entry : entries.values()) { // there may be several too many, if max_pools has been lowered
            if (entries.size() < most) {
                return true;
            }
            if (entry.isUnused() && !isOwn(entry.database(), entry.key)) {
                LOG.debug("pool {}: dropped, nobody uses it", entry.key);
                drop(entry);
            }
        }
        return entries.size() < most;
    }

    private void drop(PoolEntry entry) {
        entries.remove(entry.key);
        entry.end();
        credentials.release(entry.lease());
    }

    /** Whether it is the pool of the database URL's own user. */
    private static boolean isOwn(DatabaseConfig database, PoolKey key) {
        return !database.isWildcard() && key.user().equals(database.user());
    }

    private PoolEntry make(DatabaseConfig database, PoolKey key) {
        Servers servers = breakers.servers(database.hosts(), database.pool().hosts());
        Credentials.Lease lease = credentials.hold(database, key.user());
        BackendTarget target = target(database, key, lease.credentials());
        StatementRegistry statements = new StatementRegistry(statementNumbers, statementBudget);
        PoolEntry entry = new PoolEntry(
                key,
                database,
                lease,
                servers,
                settings -> new Pool(key, settings, target, connector, statements, servers, loops));
        pauseIfOrdered(entry.pool);
        pauseIfOrdered(entry.listening);
        entries.put(key, entry);
        return entry;
    }

    private void pauseIfOrdered(Pool pool) {
        AdminOrder pause = switches.paused(pool.key().database());
        if (pause != null && !pool.steering().isPaused()) {
            pool.steering().pause(pause);
        }
    }

    private static BackendTarget target(DatabaseConfig database, PoolKey key, BackendCredentials own) {
        PoolSettings settings = database.pool();
        return new BackendTarget(
                database.hosts(),
                database.backendDatabaseFor(key.database()),
                key.user(),
                own,
                database.startupParameters(),
                settings.connectTimeout(),
                Math.max(1, settings.preparedStatementLimit()),
                settings.hosts().target(),
                database.tls());
    }

    // ---- another configuration

    /**
     * Something else is configured: every pool goes by it from now on, and pools that keep connections are made.
     *
     * @param before what was configured until now
     */
    public void configured(ProxyConfig before) {
        connector.retain(follow(before)); // may wait for files to be read, and who logs in must not
    }

    /** @return how connections are protected: those that are open, and those that may be opened */
    private synchronized Set<ServerTls> follow(ProxyConfig before) {
        ProxyConfig config = live.config();
        breakers.settings(config.breaker());
        goneUsers.addAll(before.userNames());
        goneUsers.removeAll(config.userNames());
        credentials.configured();
        authQueries.configured();
        authQueries.pools().forEach(this::pauseIfOrdered);
        for (PoolEntry entry : entries.values()) {
            DatabaseConfig database = config.database(entry.key.database());
            if (database == null) {
                entry.retire();
            } else {
                follow(entry, database);
            }
            entry.drain();
        }
        keepMinimum(config);
        forgetServers();
        config.databases().stream()
                .filter(database -> before.named(database.name()) == null)
                .forEach(this::tellOrders);
        Set<ServerTls> used = new HashSet<>();
        config.databases().forEach(database -> used.add(database.tls()));
        for (Pool pool : poolsAndListeners()) {
            used.add(pool.target().tls());
            for (BackendConnection backend : pool.steering().backends()) {
                BackendTls tls = backend.tls();
                if (tls != null) {
                    used.add(tls.settings());
                }
            }
        }
        return used;
    }

    /** Orders of administrators outlast the entry that they were about. */
    private void tellOrders(DatabaseConfig added) {
        AdminOrder pause = switches.paused(added.name());
        AdminOrder disabled = switches.disabled(added.name());
        if (pause != null) {
            LOG.warn("database {}: is still paused by {}, see RESUME", added.name(), pause.by());
        }
        if (disabled != null) {
            LOG.warn("database {}: is still disabled by {}, see ENABLE", added.name(), disabled.by());
        }
    }

    /** What this user's pools have had since before a reload has its successor now. */
    private void bring(String user) {
        for (PoolEntry entry : entries.values()) {
            DatabaseConfig current = live.config().database(entry.key.database());
            boolean same = entry.key.user().equals(user);
            if (current != null && same && credentials.isOvertaken(entry.lease(), current, user)) {
                follow(entry, current);
            }
        }
    }

    private void follow(PoolEntry entry, DatabaseConfig database) {
        String user = entry.key.user();
        BackendTarget known = entry.pool.target();
        Credentials.Lease lease = credentials.follow(entry.lease(), database, user);
        boolean removed = database.authQuery() == null && goneUsers.contains(user);
        boolean gone = removed || credentials.isLast(lease, database, user);
        BackendTarget target = target(database, entry.key, lease.credentials());
        HostChoice choice = database.pool().hosts();
        boolean elsewhere = !target.leadsWhere(known) || !choice.equals(entry.servers.choice());
        breakers.change(entry.servers, database.hosts(), choice); // the values of breakers, too
        entry.follow(database, lease, target.isLike(known) ? known : target, elsewhere, gone);
        if (entry.isOutdated()) {
            LOG.warn(
                    "pool {}: goes on by the former pool_mode, listen_mode, listen_extra_connection and a connection_limit"
                            + " above 1, which a pool has for its whole life; it is made anew when it has neither clients nor"
                            + " backends. KILL {} and RESUME {} do that now",
                    entry.key,
                    entry.key.database(),
                    entry.key.database());
        }
    }

    /** Drops pools that are leaving and that nobody uses any more; about once a second. */
    public void sweep() {
        boolean gone = authQueries.sweep();
        if (!gone && entries.values().stream().noneMatch(PoolEntry::isLeaving)) {
            return;
        }
        synchronized (this) {
            for (PoolEntry entry : entries.values()) {
                if (entry.isLeaving() && entry.isUnused()) {
                    drop(entry);
                    gone = true;
                    LOG.info("pool {}: gone, as is what it was made for", entry.key);
                } else {
                    entry.drain();
                }
            }
            keepMinimum(live.config());
            if (gone) {
                forgetServers();
            }
        }
    }

    /** Breakers of addresses that are neither configured nor in use any more. */
    private void forgetServers() {
        Set<HostPort> used = new HashSet<>();
        live.config().databases().forEach(database -> used.addAll(database.hosts()));
        entries.values().forEach(entry -> used.addAll(entry.servers.addresses()));
        authQueries.pools().forEach(pool -> used.addAll(pool.target().hosts()));
        breakers.retain(used);
    }

    // ---- what there is

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
        return live.config().databases();
    }

    /** The pool of the user whose credentials the database's URL carries; null without one, or if it is any database. */
    public @Nullable Pool ownPool(DatabaseConfig database) {
        String user = database.user();
        if (user == null || database.isWildcard()) {
            return null;
        }
        PoolKey key = new PoolKey(database.name(), user);
        PoolEntry known = entries.get(key);
        if (known == null) {
            synchronized (this) {
                known = entries.get(key);
                if (known == null) {
                    DatabaseConfig current = live.config().named(database.name());
                    if (current == null || !isOwn(current, key)) {
                        return null; // it has just gone
                    }
                    known = make(current, key);
                }
            }
        }
        return known.pool;
    }

    /** The pools of one configured database, whoever their users are. */
    public List<Pool> poolsOf(DatabaseConfig database) {
        return entries.values().stream()
                .filter(entry -> entry.database().name().equals(database.name()))
                .map(entry -> entry.pool)
                .toList();
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
        for (PoolEntry entry : entries.values()) {
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

    /** Whether there is a pool or an order of an administrator for this database, configured or not. */
    public boolean knows(String database) {
        return switches.knows(database)
                || entries.keySet().stream().anyMatch(key -> key.database().equals(database));
    }

    /** By what a pool goes, or went when its database was configured last; null: it has gone. */
    public @Nullable DatabaseConfig databaseOf(Pool pool) {
        PoolEntry entry = entries.get(pool.key());
        return entry == null ? null : entry.database();
    }

    /** Whether a client must bring what its backends are to be opened with, whatever former credentials still do. */
    public boolean awaitsClient(Pool pool) {
        PoolEntry entry = entries.get(pool.key());
        return entry != null && !credentials.isCurrent(entry.lease(), entry.database(), entry.key.user());
    }

    /** Clients of a pool, those included that are about to be. */
    public int clients(Pool pool) {
        PoolEntry entry = entries.get(pool.key());
        return entry == null ? 0 : entry.users();
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
        return entries.values().stream().map(entry -> entry.pool).toList();
    }
}
