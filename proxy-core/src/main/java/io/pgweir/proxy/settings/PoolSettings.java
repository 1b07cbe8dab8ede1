package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.List;

/**
 * What rules one pool, that is one pair of database and user.
 *
 * @param mode when a client gives its backend back
 * @param connectionLimit most backends, counting those that are connecting, closing or being cancelled; at least 1
 * @param minConnections backends kept open without need; 0 to {@code connectionLimit}
 * @param poolTimeout longest wait for a backend, connects included; zero: do not wait
 * @param queueLimit most clients that may wait at one time; the next one fails at once
 * @param connectTimeout longest TCP connect and login of one backend; above zero
 * @param statementTimeout longest statement; zero: off
 * @param transactionTimeout longest transaction; zero: off
 * @param idleInTransactionTimeout longest pause of a client between statements of a transaction; zero: off
 * @param backendIdleTimeout an idle backend above {@code minConnections} is closed after this; zero: never
 * @param backendLifetime a backend is replaced after this, when idle; zero: never
 * @param begin what happens to a BEGIN that stands alone
 * @param preparedStatementLimit most prepared statements kept on one backend; at least 1
 * @param shuffle for tests: a client never gets the backend that it had last
 */
public record PoolSettings(
        PoolMode mode,
        int connectionLimit,
        int minConnections,
        Duration poolTimeout,
        int queueLimit,
        Duration connectTimeout,
        Duration statementTimeout,
        Duration transactionTimeout,
        Duration idleInTransactionTimeout,
        Duration backendIdleTimeout,
        Duration backendLifetime,
        BeginMode begin,
        int preparedStatementLimit,
        boolean shuffle) {

    /** The defaults of the settings table. */
    public static PoolSettings defaults() {
        return new Values(List.of()).pool();
    }
}
