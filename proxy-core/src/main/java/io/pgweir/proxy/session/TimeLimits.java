package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.settings.ClientLimit;
import org.jspecify.annotations.Nullable;

/**
 * The clocks of one session: each statement, each transaction, each pause inside a transaction. Arming one costs a few
 * nanoseconds and no timer; a limit that is off costs nothing. On the session's loop.
 */
final class TimeLimits {
    /** What has taken too long. */
    enum Limit {
        STATEMENT(ClientLimit.STATEMENT_TIMEOUT),
        TRANSACTION(ClientLimit.TRANSACTION_TIMEOUT),
        IDLE_IN_TRANSACTION(ClientLimit.IDLE_IN_TRANSACTION_TIMEOUT),
        /** PostgreSQL has not answered a cancel request. */
        CANCEL(null);

        private final @Nullable ClientLimit of;

        Limit(@Nullable ClientLimit of) {
            this.of = of;
        }
    }

    /** Told when a limit is exceeded; at most once until the clock is started again. */
    interface Listener {
        void exceeded(Limit limit);
    }

    private static final long CANCEL_GRACE_NANOS = 2_000_000_000L;

    private final Deadlines deadlines;
    private final ClientLimits limits;
    private final Listener listener;
    private final Clock statement = new Clock(Limit.STATEMENT);
    private final Clock transaction = new Clock(Limit.TRANSACTION);
    private final Clock idle = new Clock(Limit.IDLE_IN_TRANSACTION);
    private final Clock grace = new Clock(Limit.CANCEL);
    private int statements = 1;

    TimeLimits(Deadlines deadlines, ClientLimits limits, Listener listener) {
        this.deadlines = deadlines;
        this.limits = limits;
        this.listener = listener;
        limits.onChange(this::changed);
    }

    /**
     * What runs next, or runs already, is a unit of so many statements, of which PostgreSQL may say nothing before the
     * last: together they have as long as they have one by one.
     */
    void statementsInUnit(int count) {
        statements = count;
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

    /** Other limits are in force. The clock of an open transaction goes on from its beginning. */
    private void changed() {
        if (transaction.isArmed()) {
            long nanos = limits.nanos(ClientLimit.TRANSACTION_TIMEOUT);
            if (nanos == 0) {
                transaction.disarm();
            } else {
                deadlines.rearm(transaction, nanos);
            }
        }
    }

    private final class Clock extends Deadlines.Deadline {
        private final Limit limit;

        Clock(Limit limit) {
            this.limit = limit;
        }

        void start() {
            long nanos = limit.of == null ? CANCEL_GRACE_NANOS : limits.nanos(limit.of);
            if (nanos > 0) {
                deadlines.arm(this, limit == Limit.STATEMENT ? Math.multiplyExact(nanos, (long) statements) : nanos);
            } else {
                disarm();
            }
        }

        @Override
        protected boolean outlastsStandstill() {
            return limit == Limit.CANCEL; // a session may end with it
        }

        @Override
        protected void expired() {
            listener.exceeded(limit);
        }
    }
}
