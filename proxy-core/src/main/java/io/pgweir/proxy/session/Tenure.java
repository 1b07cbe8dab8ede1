package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.Ledger;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import io.pgweir.proxy.metrics.PoolMetrics;
import org.jspecify.annotations.Nullable;

/**
 * The times of a client's hold on a backend: measured for the metrics, and told to those who ask why others wait. Times are
 * those of {@link System#nanoTime}. On the session's loop unless said otherwise.
 */
final class Tenure {
    private final ClientSession session;
    private final FrontendRelay relay;
    private final PoolMetrics metrics;
    final Executions executions;
    private long begunAt;
    private long requestAt;
    private long stalledAt;
    private long transactionAt;
    private boolean inTransaction;

    /** Something of the client's own is owed; what pgweir puts in front of it does not count. */
    private boolean requestRuns;

    /** The last tag of a statement that somebody has looked at, and the hold it was seen in. */
    private @Nullable String tag;

    private long taggedIn;

    /** What had been sent to the client, and Parse messages to the backend, when they were last counted. */
    private long sent;

    private long parses;

    Tenure(ClientSession session, FrontendRelay relay, PoolMetrics metrics) {
        this.session = session;
        this.relay = relay;
        this.metrics = metrics;
        this.executions = new Executions(session, this);
    }

    void begins(Ledger ledger) {
        parses = ledger.parses();
        begunAt = requestAt = System.nanoTime();
        inTransaction = false;
        executions.begins();
    }

    /** A request is sent; true if none was under way, so that it begins now. */
    boolean requestBegins() {
        if (requestRuns) {
            return false;
        }
        requestRuns = true;
        long now = System.nanoTime();
        if (inTransaction) {
            executions.idled(now - requestAt);
        }
        requestAt = now;
        return true;
    }

    /** When the last request was sent, or answered if none runs; 0 before the first. */
    long requestAt() {
        return requestAt;
    }

    private void countTraffic(Ledger ledger) {
        long forwarded = session.toClient().forwarded();
        metrics.traffic.sent.add(forwarded - sent);
        metrics.traffic.serverParses.add(ledger.parses() - parses);
        sent = forwarded;
        parses = ledger.parses();
    }

    /** A request is over; if another one has been sent already, it begins now. @param backend that served it */
    void readyForQuery(byte status, boolean moreRuns, @Nullable BackendConnection backend) {
        if (backend != null) {
            countTraffic(backend.ledger());
        }
        requestRuns = moreRuns;
        long now = System.nanoTime();
        metrics.queries.record(now - requestAt);
        executions.readyForQuery(now);
        boolean open = status != TransactionStatus.IDLE;
        if (open && !inTransaction) {
            transactionAt = requestAt;
        }
        inTransaction = open;
        requestAt = now;
    }

    /** The backend is read (again), or not, because the client takes no more. */
    void reads(BackendConnection backend, boolean on) {
        if (!on && backend.channel().config().isAutoRead()) {
            stalledAt = System.nanoTime();
        }
        backend.channel().config().setAutoRead(on);
    }

    /** The client has no backend any more. */
    void ended() {
        if (inTransaction && !requestRuns) {
            executions.idled(System.nanoTime() - requestAt);
        }
        inTransaction = false;
        requestRuns = false;
        executions.released();
    }

    void ends() {
        metrics.transactions.record(System.nanoTime() - begunAt);
    }

    /** Any thread; of a moment ago. */
    HoldState state(BackendConnection backend) {
        if (!backend.channel().config().isAutoRead()) {
            return HoldState.SLOW_CLIENT;
        }
        if (!backend.ledger().isEmpty() || relay.isUnitOpen()) {
            return HoldState.ACTIVE;
        }
        if (backend.status() != TransactionStatus.IDLE) {
            return HoldState.IDLE_IN_TRANSACTION;
        }
        return backend.cancelsInFlight() > 0 ? HoldState.RESETTING : HoldState.HELD;
    }

    Holder holder(BackendConnection backend, StatementBook book) {
        HoldState state = state(backend);
        StatementView statement = backend.statementFor(book);
        return new Holder(
                state,
                label(statement),
                statement,
                session.identity().process(),
                session.identity().address(),
                backend.pid(),
                state == HoldState.SLOW_CLIENT ? stalledAt : requestAt,
                inTransaction ? transactionAt : begunAt,
                session.lease().state().pins().because());
    }

    /** COMMIT and the like carry no tag: they belong to the tagged statement before them. */
    private String label(StatementView statement) {
        if (statement.tag() != null) {
            tag = statement.tag();
            taggedIn = begunAt;
        }
        String known = taggedIn == begunAt ? tag : null;
        return known == null ? session.identity().name() : known;
    }
}
