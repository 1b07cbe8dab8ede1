package io.pgweir.protocol.wire;

/**
 * A peer sent what the protocol does not allow, or what a bound forbids. It carries no stack trace: peers cause it at
 * will, and its text is for the peer and one log line. The text never holds secrets or SQL.
 */
public final class ProtocolViolation extends RuntimeException {
    private final SqlState state;

    public ProtocolViolation(SqlState state, String message) {
        super(message, null, false, false);
        this.state = state;
    }

    /** The SQLSTATE to report. */
    public SqlState state() {
        return state;
    }
}
