package io.pgweir.proxy.metrics;

import io.pgweir.proxy.insight.Cause;

/** What one event loop counts for one pool. */
public final class PoolMetrics {
    /** Time from asking for a backend to having one; 0 when one was idle. */
    public final Histogram waitsServed = new Histogram();

    /** Time waited in vain until pool_timeout. */
    public final Histogram waitsTimedOut = new Histogram();

    /** Time waited until another failure: unreachable, refused, queue full, cancelled, client gone. */
    public final Histogram waitsFailed = new Histogram();

    /** Waits that ended with pool_timeout, by their cause. */
    public final CounterTable<Cause> poolTimeouts = new CounterTable<>(Cause.class);

    /** From sending a request on to its ReadyForQuery; in a pipeline from the end of the one before. */
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

    /** Connects after one that had failed, and how they ended. */
    public final Counter connectRetriesSucceeded = new Counter();

    public final Counter connectRetriesFailed = new Counter();

    /** Units that were prepared and sent again, unseen by the client, because PostgreSQL had refused an old plan. */
    public final Counter planRetriesSucceeded = new Counter();

    public final Counter planRetriesFailed = new Counter();

    /** Statements sent again because their backend was lost, and how that ended; or not, for want of a token. */
    public final Counter replaysSucceeded = new Counter();

    public final Counter replaysFailed = new Counter();
    public final Counter replaysDenied = new Counter();

    /** Channels that clients listen on through the listening backend. */
    public final Gauge listenChannels = new Gauge();

    /** Clients that listen through it. */
    public final Gauge listenClients = new Gauge();

    /** Notifications written to clients. */
    public final Counter notificationsDelivered = new Counter();

    /** Notifications dropped because a client did not take them. */
    public final Counter notificationsDropped = new Counter();

    /** Clients told that notifications may have been lost, because the listening backend was. */
    public final Counter gapsOfBackend = new Counter();

    /** Clients told that notifications were lost, because they did not take them. */
    public final Counter gapsOfClient = new Counter();

    /** Errors that pgweir itself has sent to clients. */
    public final ErrorCounts errorsOfProxy = new ErrorCounts();

    /** Errors of PostgreSQL's that have passed through. */
    public final ErrorCounts errorsOfPostgres = new ErrorCounts();
    /** What the check at release has found. */
    public final StateLeaks stateLeaks = new StateLeaks();

    public final Traffic traffic = new Traffic();

    public final Counter pinnedIdleTimeouts = new Counter();
}
