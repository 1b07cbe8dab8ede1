package io.pgweir.proxy.insight;

import java.util.Locale;

/** Why clients wait in vain, in words, and the one change most likely to help. */
public enum Cause {
    SELF_DEADLOCK(
            "likely a deadlock of the app with itself, every connection is idle in a transaction whose own process waits here",
            "Use the transaction's own client inside of it (Prisma: tx, not prisma), or run its steps one after the other."),
    BACKEND_REFUSING(
            "the server refuses connections",
            "Look at the server: raise its max_connections or lower connection_limit, or correct the login."),
    BACKEND_UNREACHABLE(
            "the server cannot be reached",
            "Check that the database is up and reachable from this host; pgweir keeps trying."),
    SLOW_CONNECTS(
            "connections take long to be opened",
            "Look at the load of the server and at the network; min_connections keeps connections open in advance."),
    IDLE_IN_TRANSACTION(
            "transactions left open while the app does other work",
            "Do other work (HTTP calls, files, hashing) before or after the transaction; lower idle_in_transaction_timeout."),
    SLOW_STATEMENT(
            "one slow statement, or one that waits for a lock",
            "Look at its plan (EXPLAIN ANALYZE) and at pg_locks; a lower statement_timeout frees the connection earlier."),
    SLOW_STATEMENTS(
            "several slow statements, or statements that wait for locks",
            "Look at the load of the server and at pg_locks; a lower statement_timeout frees connections earlier."),
    SLOW_CLIENT(
            "clients read their results too slowly",
            "Read results at once, or fewer rows at a time (LIMIT, a cursor)."),
    HELD_BY_SESSIONS(
            "clients keep connections of their own while they do nothing (session mode, LISTEN, temporary tables)",
            "Use pool_mode transaction, or let clients disconnect when idle; else raise connection_limit."),
    CLEANING_UP(
            "connections are being cleaned up after clients that gave up",
            "Let clients wait longer than pgweir does: raise the timeouts of the application above pool_timeout."),
    UNDERSIZED(
            "all short, the pool is too small for the load",
            "Raise connection_limit while the server has idle cores, or send fewer statements at a time."),
    /** Never found by looking: it is known. */
    PAUSED("the pool is paused by an administrator", "End the pause: RESUME in the admin console."),
    UNKNOWN(
            "no single one stands out",
            "Shorten what holds the connections longest, see DETAIL; then raise connection_limit.");

    private final String words;
    private final String hint;

    Cause(String words, String hint) {
        this.words = words;
        this.hint = hint;
    }

    public String words() {
        return words;
    }

    public String hint() {
        return hint;
    }

    /** For labels of metrics, JSON and logs. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
