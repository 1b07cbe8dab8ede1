package io.pgweir.proxy.backend;

/** What becomes of an error that PostgreSQL sent for the client's own message. */
public enum ErrorAction {
    /** The client gets it. */
    FORWARD,
    /** The client has got it already, in another form. */
    SUPPRESS,
    /**
     * The client gets neither it nor the ReadyForQuery behind it; then {@link Attachment#replay} is called. Only for the
     * last unit that was sent, and before any reply to it has been forwarded.
     */
    REPLAY
}
