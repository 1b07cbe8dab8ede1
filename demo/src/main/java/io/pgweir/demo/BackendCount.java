package io.pgweir.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Counts the demo database's backends in {@code pg_stat_activity}, its own connection apart. */
final class BackendCount implements AutoCloseable {

    private final Connection connection;
    private final PreparedStatement statement;

    /** Takes over the connection. */
    BackendCount(Connection connection) throws SQLException {
        this.connection = connection;
        this.statement = connection.prepareStatement(
                "SELECT count(*) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
    }

    int now() throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
