package io.pgweir.proxy.admin;

import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.metrics.Traffic;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The totals of each database a minute ago and before, so that averages can be told. Thread-safe. */
final class StatsHistory {
    private static final int PERIOD_SECONDS = 60;

    private final PoolDirectory pools;
    private final LoopContext loop;
    private volatile Period last;

    /**
     * What has been counted; times in microseconds.
     *
     * @param holds times that a backend was given to a client: in transaction mode, transactions
     */
    record Totals(long holds, long queries, long holdMicros, long queryMicros, long waitMicros, Passed passed) {
        static final Totals NONE = new Totals(0, 0, 0, 0, 0, Passed.NONE);

        Totals plus(Totals other) {
            return new Totals(
                    holds + other.holds,
                    queries + other.queries,
                    holdMicros + other.holdMicros,
                    queryMicros + other.queryMicros,
                    waitMicros + other.waitMicros,
                    passed.plus(other.passed));
        }

        /** Pools may have gone, and their counts with them. */
        Totals minus(Totals before) {
            return new Totals(
                    Math.max(0, holds - before.holds),
                    Math.max(0, queries - before.queries),
                    Math.max(0, holdMicros - before.holdMicros),
                    Math.max(0, queryMicros - before.queryMicros),
                    Math.max(0, waitMicros - before.waitMicros),
                    passed.minus(before.passed));
        }
    }

    /** See {@link Traffic}. */
    record Passed(long received, long sent, long clientParses, long serverParses, long binds) {
        static final Passed NONE = new Passed(0, 0, 0, 0, 0);

        static Passed of(Traffic traffic) {
            return new Passed(
                    traffic.received.get(),
                    traffic.sent.get(),
                    traffic.clientParses.get(),
                    traffic.serverParses.get(),
                    traffic.binds.get());
        }

        Passed plus(Passed other) {
            return new Passed(
                    received + other.received,
                    sent + other.sent,
                    clientParses + other.clientParses,
                    serverParses + other.serverParses,
                    binds + other.binds);
        }

        Passed minus(Passed before) {
            return new Passed(
                    Math.max(0, received - before.received),
                    Math.max(0, sent - before.sent),
                    Math.max(0, clientParses - before.clientParses),
                    Math.max(0, serverParses - before.serverParses),
                    Math.max(0, binds - before.binds));
        }
    }

    /** Two moments, and what had been counted by then. */
    private record Period(Sample begin, Sample end) {}

    private record Sample(long at, Map<String, Totals> totals) {}

    /**
     * What was counted in a stretch of time.
     *
     * @param seconds how long it was
     */
    record Recent(Totals totals, double seconds) {
        long perSecond(long count) {
            return Math.round(count / seconds);
        }
    }

    StatsHistory(PoolDirectory pools, LoopContext loop) {
        this.pools = pools;
        this.loop = loop;
        Sample now = new Sample(System.nanoTime(), Map.of());
        this.last = new Period(now, now);
    }

    void start() {
        loop.loop().scheduleAtFixedRate(this::turn, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void turn() {
        last = new Period(last.end, new Sample(System.nanoTime(), totals()));
    }

    /** By database. */
    Map<String, Totals> totals() {
        Map<String, Totals> totals = new TreeMap<>();
        for (Pool pool : pools.pools()) {
            totals.merge(pool.key().database(), of(pool), Totals::plus);
        }
        return totals;
    }

    private static Totals of(Pool pool) {
        Histogram.Snapshot holds = new Histogram.Snapshot();
        Histogram.Snapshot queries = new Histogram.Snapshot();
        Histogram.Snapshot waits = new Histogram.Snapshot();
        Passed passed = Passed.NONE;
        for (PoolMetrics metrics : pool.allMetrics()) {
            metrics.transactions.addTo(holds);
            metrics.queries.addTo(queries);
            metrics.waitsServed.addTo(waits);
            metrics.waitsTimedOut.addTo(waits);
            metrics.waitsFailed.addTo(waits);
            passed = passed.plus(Passed.of(metrics.traffic));
        }
        return new Totals(holds.count(), queries.count(), micros(holds), micros(queries), micros(waits), passed);
    }

    private static long micros(Histogram.Snapshot sum) {
        return Math.round(sum.sumSeconds() * 1e6);
    }

    /** The last whole minute; in the first one, what has been counted since the start. */
    Recent recent(String database, Totals now) {
        Period period = last;
        boolean whole = period.end.at != period.begin.at;
        long to = whole ? period.end.at : System.nanoTime();
        Totals end = whole ? period.end.totals.getOrDefault(database, Totals.NONE) : now;
        Totals begin = period.begin.totals.getOrDefault(database, Totals.NONE);
        return new Recent(end.minus(begin), Math.max(1e-3, (to - period.begin.at) / 1e9));
    }
}
