package io.pgweir.proxy.admin;

import io.pgweir.proxy.metrics.Counter;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.metrics.Traffic;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** The totals of each database a minute ago and before, so that averages can be told. Thread-safe. */
final class StatsHistory {
    private static final int PERIOD_SECONDS = 60;

    private final PoolDirectory pools;
    private final LoopContext loop;
    private volatile Period last;

    /** What has been counted. Immutable. */
    static final class Totals {
        static final Totals NONE = new Totals(figure -> 0);

        private final long[] counts;

        private Totals(ToLongFunction<StatsFigure> count) {
            counts = Arrays.stream(StatsFigure.values()).mapToLong(count).toArray();
        }

        long get(StatsFigure figure) {
            return counts[figure.ordinal()];
        }

        Totals plus(Totals other) {
            return new Totals(figure -> get(figure) + other.get(figure));
        }

        /** Pools may have gone, and their counts with them. */
        Totals minus(Totals before) {
            return new Totals(figure -> Math.max(0, get(figure) - before.get(figure)));
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
        /** As PgBouncer: counts and waits per second, the other times per what took them. */
        long average(StatsFigure figure) {
            long total = totals.get(figure);
            StatsFigure per = figure.per;
            return per == null ? Math.round(total / seconds) : total / Math.max(1, totals.get(per));
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
        for (PoolMetrics metrics : pool.allMetrics()) {
            metrics.transactions.addTo(holds);
            metrics.queries.addTo(queries);
            metrics.waitsServed.addTo(waits);
            metrics.waitsTimedOut.addTo(waits);
            metrics.waitsFailed.addTo(waits);
        }
        return new Totals(figure -> switch (figure) {
            case SERVER_ASSIGNMENTS, TRANSACTIONS -> holds.count();
            case QUERIES -> queries.count();
            case TRANSACTION_TIME -> micros(holds);
            case QUERY_TIME -> micros(queries);
            case WAIT_TIME -> micros(waits);
            case RECEIVED -> sum(pool, traffic -> traffic.received);
            case SENT -> sum(pool, traffic -> traffic.sent);
            case CLIENT_PARSES -> sum(pool, traffic -> traffic.clientParses);
            case SERVER_PARSES -> sum(pool, traffic -> traffic.serverParses);
            case BINDS -> sum(pool, traffic -> traffic.binds);
        });
    }

    private static long sum(Pool pool, Function<Traffic, Counter> counter) {
        return pool.allMetrics().stream()
                .mapToLong(metrics -> counter.apply(metrics.traffic).get())
                .sum();
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
