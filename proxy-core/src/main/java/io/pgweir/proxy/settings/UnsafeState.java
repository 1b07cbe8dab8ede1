package io.pgweir.proxy.settings;

/** What happens to a statement that makes state which cannot follow its client to another backend. */
public enum UnsafeState {
    /** The client keeps its backend until the state is gone. */
    PIN,
    /** It is refused. */
    ERROR,
    /** It is sent, and the state is discarded at the end of the transaction. */
    IGNORE
}
