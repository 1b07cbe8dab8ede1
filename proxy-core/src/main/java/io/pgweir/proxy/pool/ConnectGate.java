package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendFailure;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Spaces out connects while they fail: exponential, with jitter, reset by the first success. Guarded by the pool's lock.
 */
final class ConnectGate {
    private static final long FIRST_NANOS = 50_000_000;
    private static final long LONGEST_NANOS = 1_000_000_000;

    private @Nullable BackendFailure failure;
    private long backoffNanos;
    private long retryAt;
    private int credentials;

    /** A connect has succeeded, or what made the others fail has passed. */
    void succeeded() {
        failure = null;
        backoffNanos = 0;
    }

    /** @param version of the credentials that the connect was made with */
    void failed(BackendFailure cause, int version) {
        long now = System.nanoTime();
        failure = cause;
        credentials = version;
        if (backoffNanos == 0 || retryAt - now <= 0) {
            backoffNanos = Math.min(LONGEST_NANOS, Math.max(FIRST_NANOS, backoffNanos * 2));
            retryAt = now + backoffNanos / 2 + ThreadLocalRandom.current().nextLong(backoffNanos / 2);
        }
    }

    /** Others may be let in with other credentials. */
    void credentials(int version) {
        if (version != credentials && failure != null && failure.kind() == BackendFailure.Kind.REFUSED) {
            succeeded();
        }
    }

    /** The failure that has not been overcome, or null. */
    @Nullable
    BackendFailure failure() {
        return failure;
    }

    /** 0 if a connect may be tried now. */
    long nanosToRetry() {
        return failure == null ? 0 : Math.max(0, retryAt - System.nanoTime());
    }
}
