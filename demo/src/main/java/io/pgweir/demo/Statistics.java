package io.pgweir.demo;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What the clients have seen; written by all of them, read by the reporter. */
final class Statistics {

    private final LongAdder statements = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final Map<String, Boolean> errorsSeen = new ConcurrentHashMap<>();

    void finished(long nanos) {
        statements.increment();
        slowestNanos.accumulateAndGet(nanos, Math::max);
    }

    /** Counts an error, and says whether one with this key is new. */
    boolean failed(String key) {
        errors.increment();
        return errorsSeen.putIfAbsent(key, true) == null;
    }

    long statements() {
        return statements.sum();
    }

    long errors() {
        return errors.sum();
    }

    /** The longest statement since the last call, its wait for a backend included. */
    long takeSlowestMillis() {
        return slowestNanos.getAndSet(0) / 1_000_000;
    }
}
