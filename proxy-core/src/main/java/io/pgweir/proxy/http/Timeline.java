package io.pgweir.proxy.http;

import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the pools fared in the last ten minutes, in steps of five seconds. Bounded by the number of names that pools have in
 * figures: about 2 kB each. One thread.
 */
final class Timeline {
    static final int STEP_SECONDS = 5;
    static final int STEPS = 120;
    private static final double RANK = 0.95;

    private final PoolDirectory pools;
    private final PoolLabels labels;
    private final Map<String, Series> series = new HashMap<>();
    private int looks;
    private long steppedAt = System.nanoTime();

    /** The pools of one name at one moment. */
    private static final class Look {
        private int limit;
        private int busy;
        private int waiting;
        private final Histogram.Snapshot waits = new Histogram.Snapshot();
        private long timeouts;
    }

    /** One name's steps, as a ring; and what has been seen since the last of them. */
    private static final class Series {
        private final float[] usage = new float[STEPS];
        private final int[] waiting = new int[STEPS];
        private final int[] timeouts = new int[STEPS];
        /** Below zero: nobody asked for a backend. */
        private final float[] waitSeconds = new float[STEPS];

        private int steps;
        private float mostUsage;
        private int mostWaiting;
        private long @Nullable [] waitsBefore;
        private long timeoutsBefore;

        void see(Look now) {
            float used = now.limit == 0 ? 0 : Math.min(1, (float) Math.max(0, now.busy) / now.limit);
            mostUsage = Math.max(mostUsage, used);
            mostWaiting = Math.max(mostWaiting, now.waiting);
        }

        void step(Look now) {
            int place = steps % STEPS;
            usage[place] = mostUsage;
            waiting[place] = mostWaiting;
            timeouts[place] = (int) Math.max(0, now.timeouts - timeoutsBefore);
            long[] waits = cumulative(now.waits);
            waitSeconds[place] = high(now.waits, waits, waitsBefore);
            steps++;
            mostUsage = 0;
            mostWaiting = 0;
            waitsBefore = waits;
            timeoutsBefore = now.timeouts;
        }

        private static long[] cumulative(Histogram.Snapshot waits) {
            long[] counts = new long[waits.buckets() + 1];
            for (int i = 0; i < waits.buckets(); i++) {
                counts[i] = waits.cumulative(i);
            }
            counts[waits.buckets()] = waits.count();
            return counts;
        }

        /** The wait that 95 % did not exceed, as far as buckets tell. */
        private static float high(Histogram.Snapshot scale, long[] now, long @Nullable [] before) {
            long all = count(now, before, now.length - 1);
            if (all <= 0) {
                return -1;
            }
            double rank = RANK * all;
            long below = 0;
            for (int i = 0; i < scale.buckets(); i++) {
                long upTo = count(now, before, i);
                if (upTo >= rank) {
                    double from = i == 0 ? 0 : scale.boundSeconds(i - 1);
                    double part = (rank - below) / (upTo - below);
                    return (float) (from + part * (scale.boundSeconds(i) - from));
                }
                below = upTo;
            }
            return (float) scale.boundSeconds(scale.buckets() - 1);
        }

        /** Pools may have gone, and their counts with them. */
        private static long count(long[] now, long @Nullable [] before, int bucket) {
            return Math.max(0, now[bucket] - (before == null ? 0 : before[bucket]));
        }

        private boolean isFlat() {
            for (int i = 0; i < Math.min(steps, STEPS); i++) {
                if (usage[i] != 0 || waiting[i] != 0 || timeouts[i] != 0 || waitSeconds[i] >= 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /** What writes one value of a step. */
    private interface Value {
        void write(int place);
    }

    Timeline(PoolDirectory pools, PoolLabels labels) {
        this.pools = pools;
        this.labels = labels;
    }

    /** To be called once a second. */
    void look() {
        boolean step = ++looks % STEP_SECONDS == 0;
        Map<String, Look> now = new HashMap<>();
        for (Pool pool : pools.pools()) {
            Look look = now.computeIfAbsent(labels.of(pool.key()), label -> new Look());
            look.limit += pool.settings().connectionLimit();
            look.busy += pool.open() - pool.idle();
            look.waiting += pool.waiting();
            if (step) {
                count(pool, look);
            }
        }
        series.keySet().retainAll(now.keySet());
        now.forEach((label, look) -> {
            Series one = series.computeIfAbsent(label, any -> new Series());
            one.see(look);
            if (step) {
                one.step(look);
            }
        });
        if (step) {
            steppedAt = System.nanoTime();
        }
    }

    private static void count(Pool pool, Look look) {
        for (PoolMetrics metrics : pool.allMetrics()) {
            metrics.waitsServed.addTo(look.waits);
            metrics.waitsTimedOut.addTo(look.waits);
            metrics.waitsFailed.addTo(look.waits);
            look.timeouts += metrics.waitsTimedOut.count();
        }
    }

    /** What all pools have in common, as members of the object that is open. */
    void writeScale(JsonText json) {
        json.name("timeline").open('{');
        json.name("step_seconds").value(STEP_SECONDS);
        json.name("steps").value(STEPS);
        json.name("newest_age_seconds").value((System.nanoTime() - steppedAt) / 1e9);
        json.close('}');
    }

    /** The steps of one name, oldest first, as a member of the object that is open; empty arrays if nothing has happened. */
    void write(JsonText json, String label) {
        Series one = series.get(label);
        boolean flat = one == null || one.isFlat();
        Series shown = one == null ? new Series() : one;
        int steps = flat ? 0 : shown.steps;
        json.name("timeline").open('{');
        array(json, "usage", steps, place -> json.value((double) shown.usage[place]));
        array(json, "waiting", steps, place -> json.value(shown.waiting[place]));
        array(json, "timeouts", steps, place -> json.value(shown.timeouts[place]));
        array(json, "wait_p95_seconds", steps, place -> {
            if (shown.waitSeconds[place] < 0) {
                json.value((String) null);
            } else {
                json.value((double) shown.waitSeconds[place]);
            }
        });
        json.close('}');
    }

    private static void array(JsonText json, String name, int steps, Value value) {
        json.name(name).open('[');
        for (int step = Math.max(0, steps - STEPS); step < steps; step++) {
            value.write(step % STEPS);
        }
        json.close(']');
    }
}
