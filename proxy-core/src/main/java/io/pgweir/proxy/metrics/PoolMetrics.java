package io.pgweir.proxy.metrics;

/** What one event loop counts for one pool. */
public final class PoolMetrics {
    /** Time from asking for a backend to having one; 0 when one was idle. */
    public final Histogram waitsServed = new Histogram();

    /** Time waited in vain until pool_timeout. */
    public final Histogram waitsTimedOut = new Histogram();

    /** Time waited until another failure: unreachable, refused, queue full, cancelled, client gone. */
    public final Histogram waitsFailed = new Histogram();

    /** From the first message of a request to its ReadyForQuery. */
    public final Histogram queries = new Histogram();

    /** From checkout to release. */
    public final Histogram transactions = new Histogram();

    /** Backend logins that succeeded. */
    public final Histogram connects = new Histogram();

    /** Backend connects or logins that failed. */
    public final Histogram connectsFailed = new Histogram();

    /** Cancel requests sent for clients. */
    public final Counter cancelsForClients = new Counter();

    /** Cancel requests sent because the client was gone. */
    public final Counter cancelsOfAbandoned = new Counter();

    /** Cancel requests sent because a time limit was exceeded. */
    public final Counter cancelsOfOverdue = new Counter();

    public final Counter statementTimeouts = new Counter();
    public final Counter transactionTimeouts = new Counter();
    public final Counter idleInTransactionTimeouts = new Counter();

    /** Statements that failed because of pgweir or a lost backend rather than in PostgreSQL. */
    public final Counter failures = new Counter();
}
