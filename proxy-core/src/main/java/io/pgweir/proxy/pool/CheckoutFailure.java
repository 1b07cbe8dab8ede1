package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.insight.Diagnosis;
import io.pgweir.proxy.settings.PoolSettings;
import org.jspecify.annotations.Nullable;

/**
 * Why a waiter got no backend, with the numbers of that moment.
 *
 * @param waitedNanos how long it waited
 * @param busy backends in use or being opened
 * @param limit the pool's connection_limit
 * @param waiting clients still waiting
 * @param cause the last failed connect, if there is one that is not overcome yet
 * @param outage what keeps pgweir from asking for more backends, if anything does
 * @param pause who has paused the pool, while that is so
 * @param diagnosis who had the backends; with {@link Reason#TIMEOUT} and {@link Reason#QUEUE_FULL}
 */
public record CheckoutFailure(
        Reason reason,
        long waitedNanos,
        int busy,
        int limit,
        int waiting,
        @Nullable BackendFailure cause,
        @Nullable Outage outage,
        @Nullable AdminOrder pause,
        @Nullable Diagnosis diagnosis) {
    static CheckoutFailure of(
            Reason reason,
            Waiter waiter,
            int busy,
            PoolSettings settings,
            int waiting,
            @Nullable BackendFailure cause,
            @Nullable Outage outage) {
        long waited = waiter.waitedNanos();
        int limit = settings.connectionLimit();
        return new CheckoutFailure(reason, waited, busy, limit, waiting, cause, outage, null, null);
    }

    CheckoutFailure withCause(BackendFailure other) {
        return new CheckoutFailure(reason, waitedNanos, busy, limit, waiting, other, null, pause, diagnosis);
    }

    CheckoutFailure with(Diagnosis found) {
        return new CheckoutFailure(reason, waitedNanos, busy, limit, waiting, cause, outage, pause, found);
    }

    CheckoutFailure with(@Nullable AdminOrder by) {
        return new CheckoutFailure(reason, waitedNanos, busy, limit, waiting, cause, outage, by, diagnosis);
    }

    public enum Reason {
        /** pool_timeout is over. */
        TIMEOUT,
        /** pool_timeout is over, and the pool is paused. */
        PAUSED,
        /** pool_timeout is over, and no server is what target_session_attrs asks for: see the cause. */
        NO_HOST,
        /** queue_limit clients wait already. */
        QUEUE_FULL,
        /** No backend can be had: see the cause. */
        UNAVAILABLE,
        /** The proxy is stopping. */
        SHUTDOWN
    }
}
