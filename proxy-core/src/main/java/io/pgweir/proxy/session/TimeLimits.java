package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.settings.PoolSettings;

/**
 * The clocks of one session: each statement, each transaction, each pause inside a transaction. Arming one costs a few
 * nanoseconds and no timer; a limit that is off costs nothing. On the session's loop.
 */
final class TimeLimits {
    /** What has taken too long. */
    enum Limit {
        STATEMENT,
        TRANSACTION,
        IDLE_IN_TRANSACTION,
        /** PostgreSQL has not answered a cancel request. */
        CANCEL
    }

    /** Told when a limit is exceeded; at most once until the clock is started again. */
    interface Listener {
        void exceeded(Limit limit);
    }

    private static final long CANCEL_GRACE_NANOS = 2_000_000_000L;

    private final Deadlines deadlines;
    private final Clock statement;
    private final Clock transaction;
    private final Clock idle;
    private final Clock grace;

    TimeLimits(Deadlines deadlines, PoolSettings settings, Listener listener) {
        this.deadlines = deadlines;
        this.statement = new Clock(Limit.STATEMENT, settings.statementTimeout().toNanos(), listener);
        this.transaction =
                new Clock(Limit.TRANSACTION, settings.transactionTimeout().toNanos(), listener);
        this.idle = new Clock(
                Limit.IDLE_IN_TRANSACTION, settings.idleInTransactionTimeout().toNanos(), listener);
        this.grace = new Clock(Limit.CANCEL, CANCEL_GRACE_NANOS, listener);
    }

    /** A statement is sent and nothing ran before, or the next of several runs now. */
    void statementRuns() {
        idle.disarm();
        statement.start();
    }

    /** A unit has ended, and the next one of the pipeline runs already. */
    void nextRuns(boolean transactionOver) {
        grace.disarm();
        if (transactionOver) {
            transaction.disarm();
        } else {
            transactionRuns();
        }
        statementRuns();
    }

    /** What runs has been cancelled; it must end soon. */
    void cancelSent() {
        statement.disarm();
        grace.start();
    }

    /** Nothing runs, and no transaction is open. */
    void nothingRuns() {
        grace.disarm();
        statement.disarm();
        idle.disarm();
        transaction.disarm();
    }

    /** Nothing runs, and a transaction is open: the client has the turn. */
    void clientHasTheTurn() {
        grace.disarm();
        statement.disarm();
        idle.start();
        transactionRuns();
    }

    /** A transaction is open; its clock runs from the first call on. */
    void transactionRuns() {
        if (!transaction.isArmed()) {
            transaction.start();
        }
    }

    private final class Clock extends Deadlines.Deadline {
        private final Limit limit;
        private final long nanos;
        private final Listener listener;

        Clock(Limit limit, long nanos, Listener listener) {
            this.limit = limit;
            this.nanos = nanos;
            this.listener = listener;
        }

        void start() {
            if (nanos > 0) {
                deadlines.arm(this, nanos);
            }
        }

        @Override
        protected void expired() {
            listener.exceeded(limit);
        }
    }
}
