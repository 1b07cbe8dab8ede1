package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Probes servers whose breakers this pool has opened: a connect and a {@link Probe} each time the breaker asks for one, until
 * it is not open any more or another pool probes. What a probe has opened stays as an idle backend, within the limit.
 */
final class Prober {
    private final Pool pool;
    private final Growth growth;

    Prober(Pool pool, Growth growth) {
        this.pool = pool;
        this.growth = growth;
    }

    /** On the loop of {@code part}, as everything here. */
    void begin(LoopPool part, Breaker server) {
        part.loop().loop().schedule(() -> next(part, server), server.nanosToChange(), TimeUnit.NANOSECONDS);
    }

    private void next(LoopPool part, Breaker server) {
        if (server.state() != BreakerState.OPEN || growth.isStopped()) {
            return;
        }
        boolean permit = growth.takePermit();
        if (permit && server.takeProbe()) {
            connect(part, server);
            return;
        }
        if (permit) {
            growth.permitBack();
        }
        begin(part, server);
    }

    private void connect(LoopPool part, Breaker server) {
        long begunAt = System.nanoTime();
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
                if (failure.isRefusal()) {
                    growth.connectFailed(null, failure);
                } else {
                    growth.permitBack();
                }
                growth.servers().notConnected(server, failure);
                server.probeFailed(failure);
                begin(part, server);
            }
        };
        pool.connector().probe(part.loop(), server.server(), pool.target(), pool.events(), result);
    }

    private void probed(LoopPool part, Breaker server, BackendConnection backend, @Nullable BackendFailure failure) {
        if (failure == null) {
            part.metrics().connectRetriesSucceeded.increment();
            server.probed();
            pool.release(backend);
            return;
        }
        part.metrics().connectRetriesFailed.increment();
        pool.discard(backend);
        server.probeFailed(failure);
        begin(part, server);
    }
}
