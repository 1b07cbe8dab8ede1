package io.pgweir.proxy.settings;

/** What is tried again when a backend cannot be had, or is lost. */
public enum RetryMode {
    /** Connects; and statements that only read, outside of transactions, of which the client has seen nothing. */
    SAFE,
    /** Connects, as long as their waiters may wait. */
    CONNECT,
    /** Nothing. */
    OFF;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
