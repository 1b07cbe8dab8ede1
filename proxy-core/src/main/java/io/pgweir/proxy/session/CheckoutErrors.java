package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import java.util.Locale;

/** What a client is told when it gets no backend. */
final class CheckoutErrors {
    private CheckoutErrors() {}

    static ErrorFields of(CheckoutFailure failure, Pool pool) {
        BackendFailure cause = failure.cause();
        return switch (failure.reason()) {
            case TIMEOUT ->
                ClientError.POOL_TIMEOUT.with(
                        seconds(failure.waitedNanos()),
                        pool.key(),
                        failure.busy(),
                        failure.limit(),
                        failure.waiting(),
                        cause == null ? "" : "; last connect failed: " + cause.message());
            case QUEUE_FULL ->
                ClientError.QUEUE_FULL.with(failure.waiting(), pool.key(), failure.busy(), failure.limit());
            case UNAVAILABLE ->
                ClientError.BACKEND_UNAVAILABLE.with(pool.key(), cause == null ? "unknown cause" : cause.message());
            case SHUTDOWN -> ClientError.NO_BACKEND_DURING_SHUTDOWN.with();
        };
    }

    static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1fs", nanos / 1e9);
    }
}
