package io.pgweir.proxy.session;

import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.pool.Pool;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a fault costs a {@link Workload}: one row of the table in docs/reliability.md. One thread. */
final class OutageFigures {
    /** What clients are told who had nothing in flight. */
    private static final Set<String> SENT_NOWHERE = Set.of("57P03", "53300");

    private static final long BEFORE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Of the work before, that is taken for all of it: the machine does other things as well. */
    private static final double WHOLE = 0.8;

    private final Workload work;
    private final Pool pool;
    private final long struckAt;
    private final long attemptsBefore;
    private final long usual;
    private long backAt;
    private long attempts;

    private OutageFigures(Workload work, Pool pool) {
        this.work = work;
        this.pool = pool;
        this.struckAt = System.nanoTime();
        this.usual = work.successes(struckAt - BEFORE_NANOS, struckAt) * WINDOW_NANOS / BEFORE_NANOS;
        this.attemptsBefore = attempts(pool);
    }

    /** Just before the fault, after some undisturbed work. */
    static OutageFigures begin(Workload work, Pool pool) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(BEFORE_NANOS); // the work to compare with
        return new OutageFigures(work, pool);
    }

    /** The server can be reached again, since a moment ago. */
    void back() {
        backAt = System.nanoTime();
        attempts = attempts(pool) - attemptsBefore;
    }

    /** Connects that have ended, one way or another. */
    private static long attempts(Pool pool) {
        Histogram.Snapshot sum = new Histogram.Snapshot();
        pool.allMetrics().forEach(metrics -> {
            metrics.connects.addTo(sum);
            metrics.connectsFailed.addTo(sum);
        });
        return sum.count();
    }

    boolean isServed() {
        return work.servedSince(backAt) > 0;
    }

    boolean isEverybodyServed() {
        return work.servedSince(backAt) == work.clients();
    }

    /** Between "the server is back" and the first success, in milliseconds. */
    long firstSuccessMillis() {
        return millis(work.firstSuccessSince(backAt) - backAt);
    }

    /** Whether as much is done again as before. */
    boolean isFullRate() {
        return fullRateAt() != null;
    }

    private @Nullable Long fullRateAt() {
        long step = WINDOW_NANOS / 20;
        for (long from = backAt; from + WINDOW_NANOS < System.nanoTime(); from += step) {
            if (work.successes(from, from + WINDOW_NANOS) >= WHOLE * usual) {
                return from;
            }
        }
        return null;
    }

    /** Connects a second while the server could not be reached. */
    double attemptsPerSecond() {
        return attempts * 1e9 / (backAt - struckAt);
    }

    /** The largest number of errors of one client for what it had in flight. */
    long mostInFlight() {
        return work.codes().keySet().stream()
                .filter(code -> !SENT_NOWHERE.contains(code))
                .mapToLong(work::mostOfOneClient)
                .max()
                .orElse(0);
    }

    /** Longest wait for an answer, good or bad, in milliseconds. */
    long slowestMillis() {
        return millis(work.slowest());
    }

    /** Event, until the first is told, longest wait of those after it, errors in flight, recovery, connects. */
    String row(String event) {
        List<Workload.Failure> told = work.failures().stream()
                .filter(failure -> SENT_NOWHERE.contains(failure.code()))
                .toList();
        String knownAfter = "-";
        String toldWithin = "-";
        if (!told.isEmpty()) {
            long first = told.stream().mapToLong(Workload.Failure::at).min().orElseThrow();
            knownAfter = millis(first - struckAt) + " ms";
            toldWithin = millis(told.stream()
                            .filter(failure -> failure.at() - failure.tookNanos() - first >= 0)
                            .mapToLong(Workload.Failure::tookNanos)
                            .max()
                            .orElse(0))
                    + " ms";
        }
        Set<String> inFlight = new TreeSet<>(work.codes().keySet());
        inFlight.removeAll(SENT_NOWHERE);
        Long full = fullRateAt();
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %d %s | %d ms | %s | %s | %d |  of all: %s, slowest answer %d ms",
                event,
                knownAfter,
                toldWithin,
                mostInFlight(),
                inFlight,
                firstSuccessMillis(),
                full == null ? "not seen" : Math.max(firstSuccessMillis(), millis(full - backAt)) + " ms",
                backAt - struckAt < TimeUnit.SECONDS.toNanos(1)
                        ? attempts + " in all"
                        : String.format(Locale.ROOT, "%.1f", attemptsPerSecond()),
                work.acknowledged(),
                work.codes(),
                slowestMillis());
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
