package io.pgweir.proxy.soak;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What has been done and verified. Thread-safe. */
final class SoakFigures {
    private final Map<SoakWork, LongAdder> done = new EnumMap<>(SoakWork.class);
    private final LongAdder verified = new LongAdder();
    private final LongAdder canceled = new LongAdder();

    SoakFigures() {
        for (SoakWork work : SoakWork.values()) {
            done.put(work, new LongAdder());
        }
    }

    void done(SoakWork work) {
        LongAdder count = done.get(work);
        if (count != null) {
            count.increment();
        }
    }

    void verified() {
        verified.increment();
    }

    void canceled() {
        canceled.increment();
    }

    long answersVerified() {
        return verified.sum();
    }

    /** The work that was done least. */
    long fewest() {
        return done.values().stream().mapToLong(LongAdder::sum).min().orElse(0);
    }

    @Override
    public String toString() {
        return verified.sum() + " answers verified, " + canceled.sum() + " cancelled, work " + done;
    }
}
