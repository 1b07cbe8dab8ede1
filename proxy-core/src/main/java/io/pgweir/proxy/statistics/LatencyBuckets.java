package io.pgweir.proxy.statistics;

/**
 * Durations by size, eight buckets for each doubling from 8 µs to 36 minutes: a quantile read from them is off by an eighth
 * at most. 1,800 bytes once something is recorded. One thread.
 */
final class LatencyBuckets {
    private static final int FIRST_BIT = 3;
    private static final int LAST_BIT = 30;
    private static final int PER_DOUBLING_LOG2 = 3;
    private static final int PER_DOUBLING = 1 << PER_DOUBLING_LOG2;
    static final int COUNT = 1 + (LAST_BIT - FIRST_BIT + 1) * PER_DOUBLING;

    private static final long[] NONE = {};

    private long[] counts = NONE;

    void record(long nanos) {
        present()[bucket(nanos)]++;
    }

    private long[] present() {
        if (counts == NONE) {
            counts = new long[COUNT];
        }
        return counts;
    }

    private static int bucket(long nanos) {
        long micros = nanos / 1000;
        if (micros < 1 << FIRST_BIT) {
            return 0;
        }
        int bit = 63 - Long.numberOfLeadingZeros(micros);
        if (bit > LAST_BIT) {
            return COUNT - 1;
        }
        int within = (int) (micros >>> (bit - PER_DOUBLING_LOG2)) & (PER_DOUBLING - 1);
        return 1 + (bit - FIRST_BIT) * PER_DOUBLING + within;
    }

    /** The least duration in it, in microseconds. */
    private static double from(int bucket) {
        if (bucket == 0) {
            return 0;
        }
        int doubling = (bucket - 1) / PER_DOUBLING;
        int within = (bucket - 1) % PER_DOUBLING;
        return (double) (1L << (FIRST_BIT + doubling)) * (PER_DOUBLING + within) / PER_DOUBLING;
    }

    void add(LatencyBuckets other) {
        for (int i = 0; i < other.counts.length; i++) {
            present()[i] += other.counts[i];
        }
    }

    void clear() {
        counts = NONE;
    }

    /**
     * The duration that so many are not longer than, in seconds; 0 if there is none.
     *
     * @param part from 0 to 1
     */
    double quantileSeconds(double part) {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        double rank = part * total;
        long below = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0 && below + counts[i] >= rank) {
                double inside = Math.max(0, rank - below) / counts[i];
                double from = from(i);
                double to = i + 1 < COUNT ? from(i + 1) : 2 * from;
                return (from + (to - from) * inside) / 1e6;
            }
            below += counts[i];
        }
        return 0;
    }
}
