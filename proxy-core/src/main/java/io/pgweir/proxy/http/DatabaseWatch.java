package io.pgweir.proxy.http;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.HostPort;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether clients of one configured database could be served.
 *
 * <p>An open backend of any of its pools proves it, busy or not. Else a pool tells: that of the URL's own user while it
 * has never had a backend or could not get its last one, or a pool that PostgreSQL turned away for the time being; that
 * pool tries one login. Else, and while the own pool is paused, the server's port tells. A login refused to some client's own database or user says nothing
 * about other clients. One thread.
 */
final class DatabaseWatch {
    /** Servers lock out addresses that come with the wrong password again and again. */
    private static final long AFTER_REFUSAL_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final PoolDirectory directory;
    private final DatabaseConfig database;
    private final ServerCheck server;
    private long refusedTryAt = System.nanoTime() - AFTER_REFUSAL_NANOS;
    private boolean pending;

    DatabaseWatch(PoolDirectory directory, DatabaseConfig database, Executor blocking) {
        this.directory = directory;
        this.database = database;
        this.server = new ServerCheck(database.hosts(), blocking);
    }

    DatabaseConfig database() {
        return database;
    }

    /**
     * Null if clients could be served, else why not.
     *
     * @param look whether to find out anew, in the background, where nothing is proved
     */
    @Nullable
    String problem(boolean look) {
        pending = false;
        List<Pool> pools = directory.poolsOf(database);
        for (Pool pool : pools) {
            if (pool.established() > 0) {
                return null;
            }
        }
        Pool witness = witness(pools);
        String problem = witness == null ? askServer(look) : askPool(witness, look);
        return problem == null ? null : "database " + database.name() + ": " + problem;
    }

    /** For how long every server of it has been known to be down; 0: not known. */
    long outageNanos() {
        long least = Long.MAX_VALUE;
        for (HostPort host : database.hosts()) {
            Outage outage = directory.breakers().all().stream()
                    .filter(breaker -> breaker.server().equals(host))
                    .map(Breaker::outage)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElse(null);
            least = Math.min(least, outage == null ? 0 : outage.lastedNanos());
        }
        return least;
    }

    /** Whether the last problem may be out of date in a moment. */
    boolean isPending() {
        return pending;
    }

    private @Nullable Pool witness(List<Pool> pools) {
        Pool own = directory.ownPool(database);
        if (own != null
                && (own.steering().isPaused()
                        || !own.target().credentials().suffice()
                        || directory.awaitsClient(own))) {
            return null; // it opens nothing, whatever has been before; but for a pause, before a client has logged in
        }
        if (own != null && (own.failure() != null || !hadBackend(own))) {
            return own;
        }
        for (Pool pool : pools) {
            BackendFailure failure = pool.failure();
            if (failure != null && failure.kind() == BackendFailure.Kind.TEMPORARY) {
                return pool;
            }
        }
        return null;
    }

    private static boolean hadBackend(Pool pool) {
        Histogram.Snapshot connects = new Histogram.Snapshot();
        pool.allMetrics().forEach(metrics -> metrics.connects.addTo(connects));
        return connects.count() > 0;
    }

    private @Nullable String askPool(Pool pool, boolean look) {
        BackendFailure before = pool.failure();
        boolean refused = before != null && before.isConclusive();
        long now = System.nanoTime();
        if (look && !(refused && now - refusedTryAt < AFTER_REFUSAL_NANOS)) {
            if (refused) {
                refusedTryAt = now;
            }
            pool.probe();
        }
        // In this order: if no connect is under way, its outcome is to be seen.
        pending = pool.connecting() > 0;
        if (pool.established() > 0) {
            return null;
        }
        BackendFailure failure = pool.failure();
        return failure == null ? "no answer from " + database.hosts().get(0) + " yet" : failure.message();
    }

    private @Nullable String askServer(boolean look) {
        if (look || !server.isKnown()) {
            // Not looked for anew, but a pool's backend may have come and gone since, or be just coming.
            server.start();
        }
        pending = server.isUnderWay();
        // What is being looked at again does not count until the new answer is here, or the wait for it is over.
        return pending && server.problem() == null
                ? "no answer from " + database.hosts().get(0) + " yet"
                : server.problem();
    }
}
