package io.pgweir.proxy.ledger;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAccumulator;

/** When anybody was served last, and the longest time in which nobody was. Any thread. */
final class Pulse {
    private final AtomicLong last = new AtomicLong(System.nanoTime());
    private final LongAccumulator longestGap = new LongAccumulator(Long::max, 0);

    void success(long nanoTime) {
        longestGap.accumulate(nanoTime - last.getAndSet(nanoTime));
    }

    long last() {
        return last.get();
    }

    long longestGap() {
        return longestGap.get();
    }
}
