package io.pgweir.proxy.http;

import io.pgweir.proxy.http.Readiness.Verdict;
import java.util.function.LongSupplier;

/**
 * Keeps readiness from flapping: what was ready is not ready only when nothing else has been found for two seconds, and
 * what was not ready is ready only when that has held for one. Until the first time ready, what is found is what is told.
 * Pure; one thread.
 */
final class SteadyReadiness {
    static final long UNREADY_AFTER_NANOS = 2_000_000_000L;
    static final long READY_AFTER_NANOS = 1_000_000_000L;

    private final LongSupplier clock;
    private boolean ready;
    private boolean hasBeenReady;
    private String lastCause = "";
    private boolean inDoubt;
    private long doubtedSince;

    SteadyReadiness(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * What to tell.
     *
     * @param found what a look has found just now
     * @param lastedNanos for how long that is known to have been so, from elsewhere; 0: not at all
     */
    Verdict settle(Verdict found, long lastedNanos) {
        if (found.ready() == ready || !hasBeenReady) {
            return adopt(found);
        }
        long now = clock.getAsLong();
        if (!inDoubt) {
            inDoubt = true;
            doubtedSince = now;
        }
        long held = Math.max(now - doubtedSince, lastedNanos);
        if (held >= (ready ? UNREADY_AFTER_NANOS : READY_AFTER_NANOS)) {
            return adopt(found);
        }
        return ready
                ? new Verdict(true, found.cause() + " (for " + seconds(held) + "; not ready after 2 s)")
                : new Verdict(
                        false, "ready once this has held for 1 s (" + seconds(held) + " now); before: " + lastCause);
    }

    /** Whether what is found differs from what is told. */
    boolean isInDoubt() {
        return inDoubt;
    }

    private Verdict adopt(Verdict found) {
        inDoubt = false;
        ready = found.ready();
        hasBeenReady |= ready;
        lastCause = found.cause();
        return found;
    }

    private static String seconds(long nanos) {
        return String.format(java.util.Locale.ROOT, "%.1f s", nanos / 1e9);
    }
}
