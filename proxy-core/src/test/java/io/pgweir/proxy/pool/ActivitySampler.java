package io.pgweir.proxy.pool;

import io.pgweir.proxy.testkit.RealPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Counts a database's client backends in {@code pg_stat_activity} every 10 ms, on a connection past the proxy.
 *
 * <p>PostgreSQL reads that view slot by slot, not at one instant: a backend may be read, end, and its successor be read in
 * a later slot. So only backends that had begun before the query did are counted: each of them was there at that moment,
 * all together. What the view seemed to hold is kept as {@link #mostSeemingly}.
 */
final class ActivitySampler implements AutoCloseable {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final String COUNT = """
            SELECT count(*) FILTER (WHERE backend_start <= statement_timestamp()), count(*) FROM pg_stat_activity
            WHERE datname = ? AND backend_type = 'client backend'""";

    private final Connection connection;
    private final PreparedStatement statement;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile int most;
    private volatile int mostSeemingly;
    private volatile int samples;
    private volatile long longestGapNanos;
    private volatile @Nullable Throwable failure;

    ActivitySampler(RealPostgres postgres, String database) throws SQLException {
        connection = postgres.connect();
        statement = connection.prepareStatement(COUNT);
        statement.setString(1, database);
        thread = new Thread(this::sample, "activity-sampler");
        thread.start();
    }

    private void sample() {
        try {
            long last = System.nanoTime();
            while (!stopped) {
                long begin = System.nanoTime();
                longestGapNanos = Math.max(longestGapNanos, begin - last);
                last = begin;
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    most = Math.max(most, rows.getInt(1));
                    mostSeemingly = Math.max(mostSeemingly, rows.getInt(2));
                    samples++;
                }
                LockSupport.parkNanos(begin + PERIOD_NANOS - System.nanoTime());
            }
        } catch (SQLException e) {
            failure = e;
        }
    }

    /** The most backends that were there at the same time, in any sample. */
    int most() {
        if (failure != null) {
            throw new AssertionError(failure);
        }
        return most;
    }

    /** The most rows in any sample, those included that began while it was taken. */
    int mostSeemingly() {
        return mostSeemingly;
    }

    int samples() {
        return samples;
    }

    long longestGapMillis() {
        return TimeUnit.NANOSECONDS.toMillis(longestGapNanos);
    }

    @Override
    public void close() throws SQLException {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connection.close();
    }
}
