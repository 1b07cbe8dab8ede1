package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
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

    /** @param irreplaceable the session lives on this backend alone */
    void of(BackendConnection lost, BackendFailure failure, boolean irreplaceable) {
        if (lost.brokeInsideReply()) {
            // Half a message has gone out; whatever followed would be taken for its rest.
            session.terminate();
        } else if (irreplaceable || session.isInsideFrame()) {
            ErrorFields error = ClientError.SESSION_LOST.with(failure.message());
            session.closeWith(failure.sqlState() == null ? error : error.with(ErrorField.CODE, failure.sqlState()));
        } else {
            tell(lost, failure);
        }
    }

    /** The client goes on without it. */
    void tell(BackendConnection lost, BackendFailure failure) {
        LOG.info(
                "pool {}: backend {} lost under client {}: {}",
                session.pool().key(),
                lost,
                session.channel().remoteAddress(),
                failure.message());
        boolean committing = lost.ledger().size() > 0 && relay.isCommitting();
        ClientError error = committing ? ClientError.COMMIT_UNKNOWN : ClientError.BACKEND_LOST;
        tell(lost, error.in(session.pool().settings(), failure.brief()).withDetail(failure.message()), committing);
        goOn();
    }

    /** Everything that is owed becomes {@code error}; {@link #goOn} is left to the caller. */
    void tell(BackendConnection lost, ErrorFields error, boolean committing) {
        session.limits().failed();
        boolean failed = session.toldStatus() != TransactionStatus.IDLE && !committing;
        session.transaction(failed ? ClientTransaction.FAILED : ClientTransaction.NONE);
        relay.backendLost(lost, error);
        relay.released();
    }

    /** The same error, as the session's last. */
    void closeSession(ErrorFields error) {
        session.closeWith(error.with(ErrorField.SEVERITY, "FATAL").with(ErrorField.SEVERITY_NONLOCALIZED, "FATAL"));
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
