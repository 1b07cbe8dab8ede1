package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a client whose backend is gone, or was taken from it: an error for what was owed, a failed transaction, or
 * the end of a session that no other backend can carry. The lease has ended before. On the session's loop.
 */
final class BackendLoss {
    private static final Logger LOG = LoggerFactory.getLogger(BackendLoss.class);

    private final ClientSession session;
    private final FrontendRelay relay;

    BackendLoss(ClientSession session, FrontendRelay relay) {
        this.session = session;
        this.relay = relay;
    }

    /**
     * @param irreplaceable the session lives on this backend alone
     * @param kept what the client kept it for; empty: nothing, or the session is its own in any case
     */
    void of(BackendConnection lost, BackendFailure failure, boolean irreplaceable, String kept) {
        if (irreplaceable || lost.brokeInsideReply()) {
            session.lease().tenure.executions.lost(lost.ledger(), SqlState.CONNECTION_FAILURE.code());
        }
        if (lost.brokeInsideReply()) {
            // Half a message has gone out; whatever followed would be taken for its rest.
            session.terminate();
        } else if (irreplaceable && isCommitting(lost)) {
            session.closeWith(commitUnknown(failure).asFatal());
        } else if (irreplaceable) {
            ErrorFields error = kept.isEmpty()
                    ? ClientError.SESSION_LOST.with(failure.message())
                    : ClientError.PINNED_SESSION_LOST.with(kept, failure.message());
            session.closeWith(failure.sqlState() == null ? error : error.with(ErrorField.CODE, failure.sqlState()));
        } else {
            tell(lost, failure);
        }
    }

    /** What pgweir put in front of the client's own work has failed with {@code error}. */
    void ofPreparation(BackendConnection closed, ErrorFields error) {
        LOG.warn(
                "pool {}: backend {} closed: a setting or BEGIN in front of a client's statement failed: {} {}",
                session.pool().key(),
                closed,
                error.code(),
                error.message());
        String message = "its settings could not be applied: " + error.message();
        tell(closed, new BackendFailure(BackendFailure.Kind.LOST, error.code(), message));
    }

    /** The client goes on without it. */
    private void tell(BackendConnection lost, BackendFailure failure) {
        LOG.info(
                "pool {}: backend {} lost under client {}: {}",
                session.pool().key(),
                lost,
                session.channel().remoteAddress(),
                failure.message());
        boolean committing = isCommitting(lost);
        ErrorFields error = committing
                ? commitUnknown(failure)
                : ClientError.BACKEND_LOST
                        .in(session.pool().settings(), failure.brief())
                        .withDetail(failure.message());
        tell(lost, error, committing);
        goOn();
    }

    private ErrorFields commitUnknown(BackendFailure failure) {
        return ClientError.COMMIT_UNKNOWN
                .in(session.pool().settings(), failure.brief())
                .withDetail(failure.message());
    }

    /**
     * The backend was taken from the client; {@link #goOn} is left to the caller.
     */
    void givenUp(BackendConnection lost, ErrorFields error, Taken why) {
        tell(lost, outcome(lost, error, why), isCommitting(lost));
    }

    /** The same where the session ends with it. */
    void closeSession(BackendConnection lost, ErrorFields error, Taken why) {
        session.closeWith(outcome(lost, error, why).asFatal());
    }

    /** What the client is told: {@code error}, unless what has not been answered may have been done all the same. */
    private ErrorFields outcome(BackendConnection lost, ErrorFields error, Taken why) {
        if (isCommitting(lost)) {
            return ClientError.COMMIT_UNKNOWN
                    .in(session.pool().settings(), why.unansweredCommit())
                    .withDetail(String.valueOf(error.message()));
        }
        boolean owes = lost.ledger().size() > 0;
        return owes && session.toldStatus() == TransactionStatus.IDLE
                ? error.withDetail(why.unansweredStatement())
                : error;
    }

    private boolean isCommitting(BackendConnection lost) {
        return lost.ledger().size() > 0 && relay.isCommitting();
    }

    /** Everything that is owed becomes {@code error}; {@link #goOn} is left to the caller. */
    void tell(BackendConnection lost, ErrorFields error, boolean committing) {
        session.limits().failed();
        boolean failed = session.toldStatus() != TransactionStatus.IDLE && !committing;
        session.transaction(failed ? ClientTransaction.FAILED : ClientTransaction.NONE);
        relay.backendLost(lost, error);
        relay.released();
    }

    /** The client is read again, whatever kept it from being read. */
    void goOn() {
        if (session.isPaused()) {
            session.resumeIfPaused();
        } else if (!session.isClosed()) {
            session.autoRead(true);
        }
        session.flush();
    }
}
