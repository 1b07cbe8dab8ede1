package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.TransactionStatus;

/**
 * Where a client without a backend stands in its transaction. With a backend the backend's own status counts.
 *
 * <pre>
 *   NONE --begin--> DEFERRED --commit, rollback--> NONE
 *     ^                |  \---first statement---> (on a backend) ---ReadyForQuery I---> NONE
 *     |                | no backend to be had          | backend lost
 *     |                v                               v
 *     `--rollback--- FAILED <--------------------------'
 * </pre>
 */
enum ClientTransaction {
    NONE(TransactionStatus.IDLE),
    DEFERRED(TransactionStatus.IN_TRANSACTION),
    FAILED(TransactionStatus.FAILED);

    private final byte status;

    ClientTransaction(byte status) {
        this.status = status;
    }

    /** What ReadyForQuery says of it. */
    byte status() {
        return status;
    }

    /** Asserts that the step is in the diagram. */
    ClientTransaction to(ClientTransaction next) {
        boolean legal = next == NONE || next == FAILED || (this == NONE && next == DEFERRED);
        if (!legal) {
            throw new IllegalStateException("transaction " + this + " cannot become " + next);
        }
        return next;
    }
}
