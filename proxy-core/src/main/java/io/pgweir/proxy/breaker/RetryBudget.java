package io.pgweir.proxy.breaker;

import java.util.function.LongSupplier;

/**
 * How many statements may be sent again, so that an outage does not become a storm of its own making: some every second, with
 * a small store for the moment when many backends are lost together. Thread-safe.
 */
public final class RetryBudget {
    private static final double PER_SECOND = 10;
    private static final double MOST = 100;

    private final LongSupplier clock;
    private double tokens = MOST;
    private long at;

    /** @param clock as {@link System#nanoTime} */
    public RetryBudget(LongSupplier clock) {
        this.clock = clock;
        this.at = clock.getAsLong();
    }

    /** True if one more statement may be sent again. */
    public synchronized boolean take() {
        long now = clock.getAsLong();
        tokens = Math.min(MOST, tokens + (now - at) / 1e9 * PER_SECOND);
        at = now;
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }
}
