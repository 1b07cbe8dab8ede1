package io.pgweir.proxy.backend;

/** When something came from the server last. On the loop that owns the backend. */
public final class LastHeard {
    private long at = System.nanoTime();
    private boolean silent;

    /** {@link System#nanoTime} when something was read last while nobody had it. */
    public long at() {
        return at;
    }

    /** Whatever it had sent has been read. */
    public void now() {
        at = System.nanoTime();
        silent = false;
    }

    /** Something has come; at which time, nobody asks while the backend is in use. */
    void sign() {
        silent = false;
    }

    /** From now on a sign is waited for. */
    void awaitSign() {
        silent = true;
    }

    /** Whether nothing has come since {@link #awaitSign}. */
    boolean isSilent() {
        return silent;
    }
}
