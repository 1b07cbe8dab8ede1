package io.pgweir.proxy.statistics;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one loop counts for the statements of one form and label. Whoever keeps one asks {@link #isFor} before it is used
 * again: it may have made room for another. On its loop.
 */
public final class StatementTally {
    private final StatementForm form;
    private final @Nullable String label;
    final LatencyBuckets latencies = new LatencyBuckets();
    final ErrorClasses errors = new ErrorClasses();
    long calls;
    long nanos;
    long waitNanos;
    long rows;
    long bytes;
    long idleNanos;

    /** Connection time, what is past counting less and less: who has least makes room. */
    long recent;

    private boolean evicted;

    StatementTally(StatementForm form, @Nullable String label) {
        this.form = form;
        this.label = label;
    }

    StatementForm form() {
        return form;
    }

    @Nullable
    String label() {
        return label;
    }

    /** The hash of the statement's form. */
    public long fingerprint() {
        return form.fingerprint();
    }

    /** The statement without values, shortened, on one line. */
    public String text() {
        return form.text();
    }

    /** Who has sent it: the tag of its comment, or the client's label. */
    public @Nullable String shownLabel() {
        return label;
    }

    /** It stands in no table any more. Prepared statements may keep it for long, but not what it has counted. */
    void evict() {
        evicted = true;
        clear();
    }

    /** Whether it still stands in its table. */
    public boolean isKept() {
        return !evicted;
    }

    /** Whether anything has been counted. */
    boolean isUsed() {
        return calls > 0 || nanos > 0 || idleNanos > 0;
    }

    /** Whether what this owner executes of this form counts here. */
    public boolean isFor(StatementOwner owner) {
        return !evicted
                && form.pool().equals(owner.pool())
                && (form.tag() != null || Objects.equals(label, owner.label()));
    }

    boolean is(Object pool, long fingerprint, @Nullable String ofLabel) {
        return form.fingerprint() == fingerprint
                && Objects.equals(label, ofLabel)
                && form.pool().equals(pool);
    }

    /** Adds what {@code other} has counted. */
    void add(StatementTally other) {
        latencies.add(other.latencies);
        errors.add(other.errors);
        calls += other.calls;
        nanos += other.nanos;
        waitNanos += other.waitNanos;
        rows += other.rows;
        bytes += other.bytes;
        idleNanos += other.idleNanos;
    }

    void clear() {
        latencies.clear();
        errors.clear();
        calls = nanos = waitNanos = rows = bytes = idleNanos = recent = 0;
    }
}
