package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendFailure;
import org.jspecify.annotations.Nullable;

/**
 * Why a waiter got no backend, with the numbers of that moment.
 *
 * @param waitedNanos how long it waited
 * @param busy backends in use or being opened
 * @param limit the pool's connection_limit
 * @param waiting clients still waiting
 * @param cause the last failed connect, if there is one that is not overcome yet
 */
public record CheckoutFailure(
        Reason reason,
        long waitedNanos,
        int busy,
        int limit,
        int waiting,
        @Nullable BackendFailure cause) {
    CheckoutFailure withCause(BackendFailure other) {
        return new CheckoutFailure(reason, waitedNanos, busy, limit, waiting, other);
    }

    public enum Reason {
        /** pool_timeout is over. */
        TIMEOUT,
        /** queue_limit clients wait already. */
        QUEUE_FULL,
        /** No backend can be had: see the cause. */
        UNAVAILABLE,
        /** The proxy is stopping. */
        SHUTDOWN
    }
}
