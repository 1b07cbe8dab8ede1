package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.breaker.Breaker;
import org.jspecify.annotations.Nullable;

/**
 * One connect of a pool, for which it has taken a permit. Another configuration may come into force meanwhile: then what it
 * opens is closed again, and how it fails says nothing. On the loop of its part.
 */
final class Opening implements BackendConnector.Result {
    private final Pool pool;
    private final Growth growth;
    private final LoopPool part;
    private final Breaker server;
    private final SessionSettings startup;
    private final @Nullable Waiter forWhom;
    private final boolean retry;
    private final long begunAt = System.nanoTime();
    private final Attempt attempt; // after the time is taken: see Steering#renew

    Opening(
            Pool pool,
            Growth growth,
            LoopPool part,
            Breaker server,
            SessionSettings startup,
            @Nullable Waiter forWhom) {
        this.pool = pool;
        this.growth = growth;
        this.part = part;
        this.server = server;
        this.startup = startup;
        this.forWhom = forWhom;
        this.retry = growth.failure() != null;
        this.attempt = new Attempt(server, pool.target());
    }

    void begin() {
        BackendTarget target = attempt.target();
        if (target.hosts().contains(server.server())) {
            pool.connector().connect(part.loop(), server.server(), target, startup, pool.events(), this);
        } else {
            // The server is of the former configuration: what the new one logs in with is not for it.
            growth.servers().unanswered(server.server());
            growth.notWanted(forWhom);
            part.loop().loop().execute(() -> pool.serve(part));
        }
    }

    @Override
    public void connected(BackendConnection backend) {
        part.metrics().connects.record(System.nanoTime() - begunAt);
        if (retry) {
            part.metrics().connectRetriesSucceeded.increment();
        }
        growth.opened(backend, forWhom, begunAt);
        server.connected();
        growth.giveOrClose(backend, server);
        pool.serve(part);
    }

    @Override
    public void failed(BackendFailure failure) {
        part.metrics().connectsFailed.record(System.nanoTime() - begunAt);
        if (retry) {
            part.metrics().connectRetriesFailed.increment();
        }
        boolean opens = server.connectFailed(failure, begunAt);
        growth.servers().notConnected(server, failure);
        boolean itsOwnFault = failure.kind() == BackendFailure.Kind.BAD_SETTINGS && !startup.isEmpty();
        if (growth.isOutdated(attempt, failure) || failure.kind() == BackendFailure.Kind.UNFIT) {
            growth.notWanted(forWhom);
        } else if (itsOwnFault && forWhom != null) {
            growth.permitBack();
            pool.refusals().failOne(forWhom, failure);
        } else if (growth.connectFailed(forWhom, attempt, failure)) {
            pool.refusals().failAll(CheckoutFailure.Reason.UNAVAILABLE);
        }
        if (opens) {
            growth.probe(part, server);
        }
        pool.serve(part);
    }
}
