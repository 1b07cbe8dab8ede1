package io.pgweir.proxy.insight;

import java.util.Locale;

/** What a backend that is not free is busy with. */
public enum HoldState {
    /** PostgreSQL works on what a client has sent. */
    ACTIVE("running"),
    /** A transaction is open and the client has the turn. */
    IDLE_IN_TRANSACTION("IDLE IN TRANSACTION"),
    /** The client does not take what PostgreSQL sends. */
    SLOW_CLIENT("WAITING FOR A SLOW CLIENT"),
    /** Nothing runs, no transaction is open, and the backend is the client's all the same: session mode, temporary tables. */
    HELD("IDLE IN SESSION"),
    /** Cancelled, rolled back, reset or closed after its client. */
    RESETTING("BEING CLEANED UP"),
    /** Not open yet. */
    CONNECTING("CONNECTING");

    private final String words;

    HoldState(String words) {
        this.words = words;
    }

    /** For messages. */
    public String words() {
        return words;
    }

    /** For labels of metrics, JSON and logs. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
