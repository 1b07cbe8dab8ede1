package io.pgweir.protocol.wire;

/** The status byte of ReadyForQuery. */
public final class TransactionStatus {
    /** Not in a transaction block. */
    public static final byte IDLE = 'I';
    /** In a transaction block. */
    public static final byte IN_TRANSACTION = 'T';
    /** In a failed transaction block: everything but its end is rejected. */
    public static final byte FAILED = 'E';

    private TransactionStatus() {}

    /** Whether the protocol defines this status. */
    public static boolean isKnown(byte status) {
        return status == IDLE || status == IN_TRANSACTION || status == FAILED;
    }
}
