package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.settings.ClientLimit;
import org.jspecify.annotations.Nullable;

/**
 * What happens when something takes too long: PostgreSQL is asked to cancel it; its 57014 becomes ours; if it does not come
 * within a grace, or nothing runs that could be cancelled, the backend is given up. On the session's loop.
 */
final class Overdue implements TimeLimits.Listener {
    private final ClientSession session;
    private final BackendLease lease;
    private final PoolMetrics metrics;
    private final TimeLimits limits;

    /** What has been exceeded and has not ended yet. */
    private TimeLimits.@Nullable Limit exceeded;

    private boolean told;
    private boolean statementEnded;

    /**
     * What was exceeded has ended, and more of its pipeline runs. PostgreSQL signals a process and its group for one
     * CancelRequest, so the second signal may meet the next statement.
     */
    private boolean runsBehind;

    Overdue(ClientSession session, BackendLease lease, Deadlines deadlines, PoolMetrics metrics) {
        this.session = session;
        this.lease = lease;
        this.metrics = metrics;
        this.limits = new TimeLimits(deadlines, session.limits(), this);
    }

    void statementBegins() {
        limits.statementRuns();
    }

    /** A Query of several statements is about to be sent, and nothing runs. */
    void severalBegin(int count) {
        limits.statementsInUnit(count);
        limits.statementRuns();
    }

    void transactionBegins() {
        limits.transactionRuns();
    }

    /** A command has completed; if more follows in its unit, that has a clock of its own. */
    void statementEnded() {
        statementEnded = true;
    }

    void readyForQuery(byte status, boolean moreRuns) {
        statementEnded = false;
        limits.statementsInUnit(1);
        if (moreRuns) {
            boolean transactionOver = status == TransactionStatus.IDLE;
            if (exceeded == TimeLimits.Limit.STATEMENT ? told : transactionOver) {
                exceeded = null; // what follows in the pipeline has nothing to do with it
                told = false;
                runsBehind = true;
            }
            limits.nextRuns(transactionOver);
        } else if (status == TransactionStatus.IDLE) {
            limits.nothingRuns();
        } else {
            limits.clientHasTheTurn();
        }
    }

    void afterRead(BackendConnection backend, boolean unitOpen) {
        if (statementEnded) {
            statementEnded = false;
            limits.statementRuns();
        }
        if (backend.isSettled() && !unitOpen) {
            runsBehind = false;
            if (exceeded != null) {
                ended(backend, exceeded);
            }
        }
    }

    /** Whether something has been cancelled for its time, or is to be, and has not ended. */
    boolean isExceeded() {
        return exceeded != null;
    }

    /** The client has no backend any more. */
    void over() {
        exceeded = null;
        told = false;
        statementEnded = false;
        runsBehind = false;
        limits.statementsInUnit(1);
        limits.nothingRuns();
    }

    /** If {@code error} is the cancellation that we asked for, the client is told the real cause; then true. */
    boolean tellsInsteadOf(ErrorFields error) {
        if ((exceeded == null && !runsBehind) || !SqlState.QUERY_CANCELED.code().equals(error.code())) {
            return false;
        }
        if (exceeded == null) {
            runsBehind = false;
            session.send(ClientError.CANCELED_BEHIND_TIMEOUT.with());
            return true;
        }
        session.send(errorOf(exceeded));
        told = true;
        return true;
    }

    /** It was cancelled, or was done just before the cancel request came. */
    private void ended(BackendConnection backend, TimeLimits.Limit limit) {
        boolean wasTold = told;
        exceeded = null;
        told = false;
        if (limit == TimeLimits.Limit.TRANSACTION && session.toldStatus() != TransactionStatus.IDLE) {
            lease.giveUp(backend, wasTold ? ClientError.TRANSACTION_FAILED.with() : errorOf(limit), Taken.OVERDUE);
        }
    }

    @Override
    public void exceeded(TimeLimits.Limit limit) {
        BackendConnection backend = lease.backend();
        if (backend == null) {
            return;
        }
        switch (limit) {
            case STATEMENT -> metrics.statementTimeouts.increment();
            case TRANSACTION -> metrics.transactionTimeouts.increment();
            case IDLE_IN_TRANSACTION -> metrics.idleInTransactionTimeouts.increment();
            case CANCEL -> {
                lease.giveUp(backend, errorOf(exceeded == null ? limit : exceeded), Taken.OVERDUE);
                return;
            }
        }
        if (lease.isQuiet()) {
            lease.giveUp(backend, errorOf(limit), Taken.OVERDUE);
            return;
        }
        exceeded = limit;
        limits.cancelSent();
        if (!session.isInsideFrame()) {
            RunningWork.failCopyIn(backend);
        }
        if (backend.cancelsInFlight() == 0) {
            metrics.cancelsOfOverdue.increment();
            session.pool().connector().cancel(backend);
        }
    }

    private ErrorFields errorOf(TimeLimits.Limit limit) {
        return switch (limit) {
            case STATEMENT, CANCEL -> error(ClientError.STATEMENT_TIMEOUT, ClientLimit.STATEMENT_TIMEOUT);
            case TRANSACTION -> error(ClientError.TRANSACTION_TIMEOUT, ClientLimit.TRANSACTION_TIMEOUT);
            case IDLE_IN_TRANSACTION ->
                error(ClientError.IDLE_IN_TRANSACTION_TIMEOUT, ClientLimit.IDLE_IN_TRANSACTION_TIMEOUT);
        };
    }

    private ErrorFields error(ClientError error, ClientLimit limit) {
        long nanos = session.limits().inForce(limit).toNanos();
        return error.in(session.pool().settings(), CheckoutErrors.seconds(nanos));
    }
}
