package io.pgweir.proxy.session;

import io.pgweir.proxy.auth.Credentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ListenMode;
import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pool in the {@link PoolDirectory}, and what belongs to it. Changed with the lock of the directory; read anywhere.
 *
 * <p>It is retired while no new clients may come to it, because its database or user is not configured any more: those who
 * are here use it as before, and when they have gone its backends are closed. It is outdated while something else is
 * configured that a pool has for its whole life; new clients may come, and when nobody uses it the next is made in its place.
 */
final class PoolEntry {
    /** Makes a pool by these rules. */
    interface Factory {
        Pool make(PoolSettings settings);
    }

    final PoolKey key;
    final Pool pool;
    final Pool listening;
    final LoginProfiles profiles;
    final Servers servers;
    private volatile DatabaseConfig database;
    private volatile Credentials.Lease lease;
    private volatile @Nullable NotificationHub hub;
    private volatile int users;
    private volatile boolean retired;
    private volatile boolean outdated;

    /** @param lease what its backends log in with; whoever ends it gives that back */
    PoolEntry(PoolKey key, DatabaseConfig database, Credentials.Lease lease, Servers servers, Factory factory) {
        PoolSettings settings = database.pool();
        this.key = key;
        this.database = database;
        this.lease = lease;
        this.servers = servers;
        this.pool = factory.make(settings);
        this.profiles = new LoginProfiles(pool);
        boolean extra = settings.listen().extraConnection();
        this.listening = extra ? factory.make(settings.ofOneBackend()) : pool;
    }

    /** By what it goes. */
    DatabaseConfig database() {
        return database;
    }

    /** What its backends log in with. */
    Credentials.Lease lease() {
        return lease;
    }

    int users() {
        return users;
    }

    boolean isOutdated() {
        return outdated;
    }

    /** Whether it goes as soon as nobody uses it. */
    boolean isLeaving() {
        return retired || outdated;
    }

    /** One client's use of it. */
    PoolUse enter(List<LoopContext> loops, Runnable onLeave) {
        users++;
        if (hub == null && mayListen()) {
            hub = new NotificationHub(pool, listening, loops);
        }
        return new PoolUse(pool, profiles, hub, onLeave);
    }

    /** A backend that listens must leave another for the clients' work. */
    private boolean mayListen() {
        PoolSettings settings = pool.settings();
        return settings.mode() != PoolMode.SESSION
                && settings.listen().mode() == ListenMode.MULTIPLEX
                && (listening != pool || settings.connectionLimit() > 1);
    }

    void leave() {
        users--;
    }

    /**
     * Goes by what is configured now.
     *
     * @param credentials what its backends log in with from now on
     * @param target where they are
     * @param elsewhere whether those that are open are to be replaced
     * @param retires whether no new clients come to it
     */
    void follow(
            DatabaseConfig configured,
            Credentials.Lease credentials,
            BackendTarget target,
            boolean elsewhere,
            boolean retires) {
        PoolSettings wanted = configured.pool();
        database = configured;
        lease = credentials;
        retired = retires;
        outdated = !wanted.keeping(pool.settings()).equals(wanted);
        rules(isLeaving() ? wanted.withoutMinimum() : wanted, target, elsewhere);
    }

    /** No new clients come to it. */
    void retire() {
        retired = true;
        rules(pool.settings().withoutMinimum(), pool.target(), false);
    }

    private void rules(PoolSettings settings, BackendTarget target, boolean elsewhere) {
        pool.steering().rules(settings, target, elsewhere);
        if (listening != pool) {
            listening.steering().rules(settings.ofOneBackend(), target, elsewhere);
        }
    }

    /** Whether nobody would miss it. */
    boolean isUnused() {
        return users == 0 && isUnused(pool) && isUnused(listening);
    }

    private static boolean isUnused(Pool pool) {
        return pool.open() == 0 && pool.waiting() == 0;
    }

    /** Closes the idle backends of a pool that is leaving and whose clients have gone. */
    void drain() {
        if (isLeaving() && users == 0) {
            pool.steering().discardIdle(backend -> true);
            listening.steering().discardIdle(backend -> true);
        }
    }

    void end() {
        // For whoever has not heard of it yet, e.g. a hub whose last client has just left.
        pool.shutdown();
        listening.shutdown();
    }
}
