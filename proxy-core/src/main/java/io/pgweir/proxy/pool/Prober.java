package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Probes servers whose breakers this pool has opened, or that nobody else probes: a connect and a {@link Probe} each time the
 * breaker asks for one, until it is not down any more. What a probe has opened stays as an idle backend, within the limit.
 */
final class Prober {
    /** How long to wait for a permit; meanwhile another pool may probe. */
    private static final long FULL_NANOS = 50_000_000;

    private final Pool pool;
    private final Growth growth;

    /** Each is probed by one loop. */
    private final Set<Breaker> probing = ConcurrentHashMap.newKeySet();

    Prober(Pool pool, Growth growth) {
        this.pool = pool;
        this.growth = growth;
    }

    /** Any thread; what follows happens on the loop of {@code part}. */
    void begin(LoopPool part, Breaker server) {
        if (probing.add(server)) {
            schedule(part, server);
        }
    }

    private void schedule(LoopPool part, Breaker server) {
        schedule(part, server, server.nanosToChange());
    }

    private void schedule(LoopPool part, Breaker server, long nanos) {
        part.loop().loop().schedule(() -> next(part, server), nanos, TimeUnit.NANOSECONDS);
    }

    private void next(LoopPool part, Breaker server) {
        if (!isNeeded(server)) {
            // In this order: whoever opens it at this moment either finds nobody probing, or is seen here.
            probing.remove(server);
            if (isNeeded(server)) {
                begin(part, server);
            }
            return;
        }
        long begunAt = System.nanoTime();
        Attempt attempt = new Attempt(server, pool.target()); // after the time is taken: see Steering#renew
        boolean configured =
                attempt.target().hosts().contains(server.server()); // as it comes into force, servers are known first
        if (server.state() != BreakerState.OPEN || server.nanosToProbe() > 0) {
            schedule(part, server);
        } else if (!configured || !growth.takePermit()) {
            schedule(part, server, FULL_NANOS);
        } else if (server.takeProbe()) {
            connect(part, attempt, begunAt);
        } else {
            growth.permitBack();
            schedule(part, server);
        }
    }

    private boolean isNeeded(Breaker server) {
        return !growth.isStopped() && server.isDown() && growth.servers().uses(server);
    }

    private void connect(LoopPool part, Attempt attempt, long begunAt) {
        Breaker server = attempt.server();
        BackendConnector.Result result = new BackendConnector.Result() {
            @Override
            public void connected(BackendConnection backend) {
                part.metrics().connects.record(System.nanoTime() - begunAt);
                growth.opened(backend, null, begunAt);
                new Probe(backend, part.loop(), failure -> probed(part, server, backend, failure))
                        .start(pool.settings().connectTimeout().toNanos());
            }

            @Override
            public void failed(BackendFailure failure) {
                part.metrics().connectsFailed.record(System.nanoTime() - begunAt);
                part.metrics().connectRetriesFailed.increment();
                if (failure.isConclusive() && !growth.isOutdated(attempt, failure)) {
                    growth.connectFailed(null, attempt, failure);
                } else {
                    growth.permitBack();
                }
                growth.servers().notConnected(server, failure);
                server.probeFailed(failure);
                schedule(part, server);
            }
        };
        pool.connector().probe(part.loop(), server.server(), attempt.target(), pool.events(), result);
    }

    private void probed(LoopPool part, Breaker server, BackendConnection backend, @Nullable BackendFailure failure) {
        if (failure == null) {
            part.metrics().connectRetriesSucceeded.increment();
            probing.remove(server);
            server.probed();
            growth.giveOrClose(backend, server);
            return;
        }
        part.metrics().connectRetriesFailed.increment();
        pool.discard(backend);
        server.probeFailed(failure);
        schedule(part, server);
    }
}
