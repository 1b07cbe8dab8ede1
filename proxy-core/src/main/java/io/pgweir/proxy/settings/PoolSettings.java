package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.List;

/**
 * What rules one pool, that is one pair of database and user.
 *
 * @param mode when a client gives its backend back
 * @param connectionLimit most backends, counting those that are connecting, closing or being cancelled; at least 1
 * @param minConnections backends kept open without need; 0 to {@code connectionLimit}
 * @param queueLimit most clients that may wait at one time; the next one fails at once
 * @param connectTimeout longest TCP connect and login of one backend; above zero
 * @param limits what counts for clients that are no exception
 * @param backendIdleTimeout an idle backend above {@code minConnections} is closed after this; zero: never
 * @param backendLifetime a backend is replaced after this, when idle; zero: never
 * @param idleCheckInterval an idle backend is asked whether it answers after this, and again; zero: never
 * @param retry what is tried again
 * @param begin what happens to a BEGIN that stands alone
 * @param listen what LISTEN means
 * @param preparedStatementLimit most prepared statements kept on one backend; at least 1
 * @param clientStatementLimit most prepared statements of one client; at least 1
 * @param errorCodes what the errors of these pools are called
 * @param state what happens to state of sessions that cannot be replayed
 * @param hosts which of several hosts are used
 * @param shuffle for tests: a client never gets the backend that it had last
 */
public record PoolSettings(
        PoolMode mode,
        int connectionLimit,
        int minConnections,
        int queueLimit,
        Duration connectTimeout,
        Limits limits,
        Duration backendIdleTimeout,
        Duration backendLifetime,
        Duration idleCheckInterval,
        RetryMode retry,
        BeginMode begin,
        ListenSettings listen,
        int preparedStatementLimit,
        int clientStatementLimit,
        ErrorCodes errorCodes,
        StatePolicy state,
        HostChoice hosts,
        boolean shuffle) {

    /** Longest wait for a backend of a client that is no exception, connects included; zero: do not wait. */
    public Duration poolTimeout() {
        return limits.of(ClientLimit.POOL_TIMEOUT);
    }

    /** Whether clients share a listening backend that is one of {@code connectionLimit}. */
    public boolean sharesListenWithinLimit() {
        return mode != PoolMode.SESSION && listen.mode() == ListenMode.MULTIPLEX && !listen.extraConnection();
    }

    /** The same for a single backend, opened when it is needed. */
    public PoolSettings ofOneBackend() {
        return ofOneBackend(queueLimit);
    }

    /** The same, and so many may wait for it. */
    public PoolSettings ofOneBackend(int queue) {
        return with(mode, 1, 0, queue, listen, shuffle);
    }

    /** The same for a pool that no new clients come to. */
    public PoolSettings withoutMinimum() {
        return with(mode, connectionLimit, 0, queueLimit, listen, shuffle);
    }

    /**
     * These, but what needs a restart as it is in {@code running}: that includes a limit of 1, where one backend listens for
     * all clients and would leave none for their work.
     */
    public PoolSettings keeping(PoolSettings running) {
        boolean tooFew = connectionLimit == 1 && running.connectionLimit > 1 && running.sharesListenWithinLimit();
        return with(
                running.mode,
                tooFew ? running.connectionLimit : connectionLimit,
                minConnections,
                queueLimit,
                listen.keeping(running.listen),
                running.shuffle);
    }

    private PoolSettings with(
            PoolMode otherMode, int limit, int min, int queue, ListenSettings otherListen, boolean otherShuffle) {
        return new PoolSettings(
                otherMode,
                limit,
                min,
                queue,
                connectTimeout,
                limits,
                backendIdleTimeout,
                backendLifetime,
                idleCheckInterval,
                retry,
                begin,
                otherListen,
                preparedStatementLimit,
                clientStatementLimit,
                errorCodes,
                state,
                hosts,
                otherShuffle);
    }

    /** The defaults of the settings table. */
    public static PoolSettings defaults() {
        return new Values(List.of()).pool();
    }
}
