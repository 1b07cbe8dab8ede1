package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.insight.Diagnosis;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a client is told when it gets no backend. */
final class CheckoutErrors {
    /** The whole message stays within a line that people read: 400 characters. */
    private static final int LONGEST_CAUSE = 200;

    private CheckoutErrors() {}

    static ErrorFields of(CheckoutFailure failure, Pool pool) {
        return switch (failure.reason()) {
            case TIMEOUT ->
                diagnosed(
                        failure.diagnosis(),
                        ClientError.POOL_TIMEOUT.in(
                                pool.settings(),
                                seconds(failure.waitedNanos()),
                                failure.busy(),
                                failure.limit(),
                                failure.waiting(),
                                summary(failure.diagnosis())));
            case PAUSED ->
                ClientError.POOL_PAUSED.in(
                        pool.settings(), seconds(failure.waitedNanos()), pauseWords(failure), failure.waiting());
            case NO_HOST -> noHost(failure, pool);
            case QUEUE_FULL ->
                diagnosed(
                        failure.diagnosis(),
                        ClientError.QUEUE_FULL.in(
                                pool.settings(),
                                failure.waiting(),
                                failure.busy(),
                                failure.limit(),
                                failure.pause() == null
                                        ? summary(failure.diagnosis())
                                        : " Cause: the pool was paused " + pauseWords(failure) + "."));
            case UNAVAILABLE -> unavailable(failure, pool);
            case SHUTDOWN -> ClientError.NO_BACKEND_DURING_SHUTDOWN.with();
        };
    }

    private static ErrorFields unavailable(CheckoutFailure failure, Pool pool) {
        Outage outage = failure.outage();
        BackendFailure cause = failure.cause();
        if (outage == null) {
            return ClientError.BACKEND_UNAVAILABLE.in(
                    pool.settings(), pool.key(), cause == null ? "unknown cause" : shortened(cause.message()));
        }
        if (outage.byHand()) {
            return ClientError.BREAKER_HELD.in(
                    pool.settings(),
                    pool.key(),
                    seconds(outage.lastedNanos()),
                    shortened(outage.cause().message()));
        }
        long toProbe = TimeUnit.NANOSECONDS.toMillis(outage.nanosToProbe());
        return ClientError.BREAKER_OPEN.in(
                pool.settings(),
                pool.key(),
                seconds(outage.lastedNanos()),
                shortened(outage.cause().message()),
                toProbe == 0 ? "just now" : "in " + toProbe + " ms");
    }

    private static ErrorFields noHost(CheckoutFailure failure, Pool pool) {
        BackendFailure cause = failure.cause();
        String hosts = cause == null ? "unknown cause" : cause.message();
        ErrorFields error = ClientError.NO_HOST.in(
                pool.settings(),
                pool.key(),
                pool.settings().hosts().target().text(),
                seconds(failure.waitedNanos()),
                shortened(hosts));
        return hosts.length() > LONGEST_CAUSE ? error.withDetail(hosts) : error;
    }

    private static String pauseWords(CheckoutFailure failure) {
        AdminOrder pause = failure.pause();
        return pause == null ? "until a moment ago" : pause.words();
    }

    private static String summary(@Nullable Diagnosis diagnosis) {
        return diagnosis == null ? "" : " " + diagnosis.summary();
    }

    private static ErrorFields diagnosed(@Nullable Diagnosis diagnosis, ErrorFields error) {
        return diagnosis == null ? error : error.withDetail(diagnosis.detail()).withHint(diagnosis.hint());
    }

    private static String shortened(String text) {
        String line = text.replace('\n', ' ');
        return line.length() <= LONGEST_CAUSE ? line : line.substring(0, LONGEST_CAUSE) + "...";
    }

    static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1fs", nanos / 1e9);
    }
}
