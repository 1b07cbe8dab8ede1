package io.pgweir.proxy.session;

/** Parts with one client when pgweir ends, in a moment in which nothing of it is under way. On the session's loop. */
final class Farewell {
    private final ClientSession session;
    private boolean begun;
    private boolean quiet;

    Farewell(ClientSession session) {
        this.session = session;
    }

    /**
     * The client has sent something, or is about to be sent something: an answer and the last words then go in one write, so that
     * who has read the one knows of the other. Returns whether the client stays.
     */
    boolean stays() {
        quiet = false;
        closeIfDue();
        return !session.isClosed();
    }

    /**
     * Closes a client that is idle and was not active since the last call: who was just answered, or has just logged in, may
     * be about to send.
     */
    void closeIfQuiet() {
        if (quiet && session.isBetweenUnits()) {
            close();
        }
        quiet = true;
    }

    /** Closes now if the client is idle, else right behind its last answer. */
    void begin() {
        begun = true;
        closeIfDue();
    }

    /** Closes right behind the next answer, or when the client is quiet: what it sends in this moment is answered still. */
    void beginBehindAnswer() {
        begun = true;
    }

    private void closeIfDue() {
        if (begun && session.isBetweenUnits()) {
            close();
        }
    }

    private void close() {
        session.closeWith(ClientError.SHUTTING_DOWN.with());
    }
}
