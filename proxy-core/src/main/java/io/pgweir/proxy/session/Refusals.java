package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;
import org.jspecify.annotations.Nullable;

/**
 * Errors of our own in answer to what a client sends: one per unit, then the rest of an extended-protocol unit is discarded
 * up to Sync, as PostgreSQL does, so that replies and requests line up.
 */
final class Refusals {
    private final ClientSession session;
    private final MessageText text;
    private final ExtendedRelay extended;
    private @Nullable ErrorFields pending;
    private boolean discarding;

    Refusals(ClientSession session, MessageText text, ExtendedRelay extended) {
        this.session = session;
        this.text = text;
        this.extended = extended;
    }

    /** The message that asked for a backend gets {@code error}. */
    void refuse(ErrorFields error) {
        pending = error;
    }

    boolean isPending() {
        return pending != null;
    }

    /** True if a message of this type has been answered, or discarded. */
    boolean takes(byte type, ByteBuf in, int at, int length, int available) {
        ErrorFields error = pending;
        if (error != null) {
            text.read(type, in, at, length, available, extended);
            executions().refused(type, in, text, extended.unnamed(), error.code());
            fail(error, type);
            return true;
        }
        if (discarding && type == FrontendType.SYNC) {
            discarding = false;
            session.ready();
            return true;
        }
        return discarding;
    }

    private Executions executions() {
        return session.lease().tenure.executions;
    }

    /** Sends {@code error} in answer to a message of this type. */
    void fail(ErrorFields error, byte type) {
        pending = null;
        session.limits().failed();
        session.send(error);
        if (session.transaction() == ClientTransaction.DEFERRED) {
            session.transaction(ClientTransaction.FAILED);
        }
        if (type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL || type == FrontendType.SYNC) {
            session.ready();
        } else {
            discarding = true;
        }
    }

    /**
     * Answers everything that {@code lost} still owed with {@code error}.
     *
     * @param unitOpen part of a unit has been sent, and its Sync has not
     * @return false if nothing was owed, so that nobody has been told
     */
    boolean answerFor(BackendConnection lost, ErrorFields error, boolean unitOpen) {
        executions().lost(lost.ledger(), error.code());
        int units = lost.ledger().unitsToFail();
        for (int i = 0; i < units; i++) {
            session.send(error);
            session.ready();
        }
        // In COPY a Sync has ended the unit for the client, but PostgreSQL has ignored it.
        if (!unitOpen && !lost.ledger().failsIntoOpenUnit()) {
            return units > 0;
        }
        if (!lost.ledger().isSkippingToSync()) {
            session.send(error);
        }
        discarding = true;
        return true;
    }
}
