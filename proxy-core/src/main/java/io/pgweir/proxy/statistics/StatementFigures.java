package io.pgweir.proxy.statistics;

import java.util.Arrays;
import java.util.Locale;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What the statements of one form and label have cost, added up over the loops. Durations in seconds; {@code total} is the time
 * they ran, {@code wait} the time their clients waited for a backend before, {@code idle} the time that transactions idled
 * behind them.
 */
public final class StatementFigures {
    private final String pool;
    private final StatementTally sum;

    private StatementFigures(String pool, StatementTally sum) {
        this.pool = pool;
        this.sum = sum;
    }

    /** A copy of what a tally says now; on its loop. */
    static StatementFigures of(StatementTally tally) {
        StatementTally copy = new StatementTally(tally.form(), tally.label());
        copy.add(tally);
        return new StatementFigures(String.valueOf(tally.form().pool()), copy);
    }

    /** Nothing yet, for a sum. */
    static StatementFigures none(String text) {
        return new StatementFigures("", new StatementTally(StatementForm.rest(text), null));
    }

    void add(StatementFigures more) {
        sum.add(more.sum);
    }

    /** {@code database/user}; empty for a rest. */
    public String pool() {
        return pool;
    }

    public @Nullable String label() {
        return sum.label();
    }

    /** 16 hexadecimal digits: the fingerprint. */
    public String id() {
        return String.format(Locale.ROOT, "%016x", sum.fingerprint());
    }

    public String text() {
        return sum.text();
    }

    public long calls() {
        return sum.calls;
    }

    /** Calls that failed, by class of SQLSTATE. */
    public SortedMap<String, Long> errors() {
        return sum.errors.all();
    }

    public double totalSeconds() {
        return sum.nanos / 1e9;
    }

    public double meanSeconds() {
        return sum.calls == 0 ? 0 : sum.nanos / 1e9 / sum.calls;
    }

    /** @param part from 0 to 1 */
    public double quantileSeconds(double part) {
        return sum.latencies.quantileSeconds(part);
    }

    public double waitSeconds() {
        return sum.waitNanos / 1e9;
    }

    public long rows() {
        return sum.rows;
    }

    public long bytes() {
        return sum.bytes;
    }

    public double idleSeconds() {
        return sum.idleNanos / 1e9;
    }

    /** Time for which backends were taken: running, and idle in transaction. */
    long connectionNanos() {
        return sum.nanos + sum.idleNanos;
    }

    long totalNanos() {
        return sum.nanos;
    }

    /** What two figures must have in common to be added. */
    Object key() {
        return Arrays.asList(pool, sum.label(), sum.fingerprint());
    }
}
