package io.pgweir.proxy.pool;

import io.pgweir.proxy.testkit.RealPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts a database's client backends in {@code pg_stat_activity} every 10 ms, on a connection past the proxy. */
final class ActivitySampler implements AutoCloseable {
    private static final String COUNT =
            "SELECT count(*) FROM pg_stat_activity" + " WHERE datname = ? AND backend_type = 'client backend'";

    private final Connection connection;
    private final PreparedStatement statement;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile int most;
    private volatile int samples;
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
            while (!stopped) {
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    most = Math.max(most, rows.getInt(1));
                    samples++;
                }
                TimeUnit.MILLISECONDS.sleep(10);
            }
        } catch (SQLException | InterruptedException e) {
            failure = e;
        }
    }

    /** The most backends in any sample. */
    int most() {
        if (failure != null) {
            throw new AssertionError(failure);
        }
        return most;
    }

    int samples() {
        return samples;
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
