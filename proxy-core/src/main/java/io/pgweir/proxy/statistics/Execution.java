package io.pgweir.proxy.statistics;

import org.jspecify.annotations.Nullable;

/** One execution under way or just over, reused for the next one. Nanoseconds of {@link System#nanoTime}. One thread. */
public final class Execution {
    /** Time it ran. */
    public long nanos;

    /** Time its client had waited for a backend before. */
    public long waitNanos;

    public long rows;

    /** Bytes of its answer. */
    public long bytes;

    /** The class of the SQLSTATE that it failed with, or null. */
    public @Nullable String error;

    /** Goes on where an execution of the same portal has stopped: no call of its own. */
    public boolean continued;

    /** Never ran: no backend was to be had. */
    public boolean refused;

    /** Makes it fail. */
    public void fail(@Nullable String sqlState) {
        error = ErrorClasses.of(sqlState);
    }

    /** Ready for the next. */
    public void clear() {
        nanos = waitNanos = rows = bytes = 0;
        error = null;
        continued = refused = false;
    }
}
