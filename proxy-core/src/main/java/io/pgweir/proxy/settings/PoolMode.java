package io.pgweir.proxy.settings;

/** When a client gives its backend back. */
public enum PoolMode {
    /** At the end of each transaction. */
    TRANSACTION,
    /** When the client leaves. */
    SESSION,
    /** After each statement; transactions over several statements are refused. */
    STATEMENT;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
