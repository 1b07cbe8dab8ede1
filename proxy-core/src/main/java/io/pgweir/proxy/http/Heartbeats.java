package io.pgweir.proxy.http;

import io.netty.util.concurrent.Future;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.LoopContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjIntConsumer;

/** Knows when each event loop last turned, and how late it comes to its tasks: one on each writes the time down. Thread-safe. */
final class Heartbeats implements AutoCloseable {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final long limitNanos;
    private final List<Beat> beats = new ArrayList<>();
    private final List<Future<?>> tasks = new ArrayList<>();

    /** @param limit a loop that has not turned for this long is stuck */
    Heartbeats(EventLoops loops, Duration limit) {
        this.limitNanos = limit.toNanos();
        long period = Math.min(limitNanos / 5, LOOK_NANOS);
        for (LoopContext context : loops.contexts()) {
            Beat beat = new Beat(context.index(), period);
            beats.add(beat);
            tasks.add(context.loop().scheduleWithFixedDelay(beat, 0, period, TimeUnit.NANOSECONDS));
        }
    }

    /** One phrase for each loop that is stuck. */
    List<String> stuck() {
        List<String> stuck = new ArrayList<>(0);
        long now = System.nanoTime();
        for (Beat beat : beats) {
            long still = now - beat.at;
            if (still > limitNanos) {
                stuck.add(String.format(
                        Locale.ROOT,
                        "event loop %d (%s) has not turned for %.1f s",
                        beat.loop,
                        beat.thread,
                        still / 1e9));
            }
        }
        return stuck;
    }

    /** How late the loops have come to the tasks, by number of the loop. */
    void lags(ObjIntConsumer<Histogram.Snapshot> taker) {
        for (Beat beat : beats) {
            Histogram.Snapshot lag = new Histogram.Snapshot();
            beat.lag.addTo(lag);
            taker.accept(lag, beat.loop);
        }
    }

    int loops() {
        return beats.size();
    }

    @Override
    public void close() {
        tasks.forEach(task -> task.cancel(false));
    }

    private static final class Beat implements Runnable {
        private final int loop;
        private final long period;
        private final Histogram lag = new Histogram();
        private long due = System.nanoTime();
        private volatile long at = System.nanoTime();
        private volatile String thread = "not started";

        Beat(int loop, long period) {
            this.loop = loop;
            this.period = period;
        }

        @Override
        public void run() {
            thread = Thread.currentThread().getName();
            long now = System.nanoTime();
            lag.record(Math.max(0, now - due));
            due = now + period;
            at = now;
        }
    }
}
