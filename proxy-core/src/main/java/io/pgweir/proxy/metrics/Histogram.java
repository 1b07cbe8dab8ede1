package io.pgweir.proxy.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Durations by bucket. One thread records, without locks or allocation; any thread may read at any time and sees every
 * bucket at some recent state.
 */
public final class Histogram {
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    private static final long[] BOUNDS_MICROS = {
        100,
        250,
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        30_000_000,
        60_000_000
    };

    /** One cell per bound, one for what is longer, one for the sum in nanoseconds. */
    private final long[] cells = new long[BOUNDS_MICROS.length + 2];

    /** Adds one duration. Only the owner's thread. */
    public void record(long nanos) {
        long micros = nanos / 1000;
        int bucket = 0;
        while (bucket < BOUNDS_MICROS.length && micros > BOUNDS_MICROS[bucket]) {
            bucket++;
        }
        add(bucket, 1);
        add(cells.length - 1, nanos);
    }

    private void add(int cell, long amount) {
        CELLS.setOpaque(cells, cell, cells[cell] + amount);
    }

    /** Durations recorded so far; any thread. */
    public long count() {
        long count = 0;
        for (int i = 0; i <= BOUNDS_MICROS.length; i++) {
            count += (long) CELLS.getOpaque(cells, i);
        }
        return count;
    }

    /** Adds this histogram to {@code sum}. */
    public void addTo(Snapshot sum) {
        for (int i = 0; i < cells.length; i++) {
            sum.cells[i] += (long) CELLS.getOpaque(cells, i);
        }
    }

    /** Histograms of several owners added up. */
    public static final class Snapshot {
        private final long[] cells = new long[BOUNDS_MICROS.length + 2];

        public long count() {
            long count = 0;
            for (int i = 0; i <= BOUNDS_MICROS.length; i++) {
                count += cells[i];
            }
            return count;
        }

        public double sumSeconds() {
            return cells[cells.length - 1] / 1e9;
        }

        /** Number of bounded buckets. */
        public int buckets() {
            return BOUNDS_MICROS.length;
        }

        /** Upper bound of a bucket, inclusive. */
        public double boundSeconds(int bucket) {
            return BOUNDS_MICROS[bucket] / 1e6;
        }

        /** Durations up to this bucket's bound. */
        public long cumulative(int bucket) {
            long count = 0;
            for (int i = 0; i <= bucket; i++) {
                count += cells[i];
            }
            return count;
        }
    }
}
