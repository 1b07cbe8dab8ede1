package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.Ledger;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.statistics.Execution;
import io.pgweir.proxy.statistics.SlowLog;
import io.pgweir.proxy.statistics.StatementOwner;
import io.pgweir.proxy.statistics.StatementTable;
import io.pgweir.proxy.statistics.StatementTally;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client's statements cost, for the statistics and the slow log of its loop. An execution, that is a Query or an Execute,
 * runs from when it is sent, or from the end of the one before it in a pipeline, to its end; in front of it may have been a wait
 * for a backend, and the time that a transaction idles behind it counts as its as well. On the session's loop.
 */
final class Executions implements SlowLog.Client {
    private final ClientSession session;
    private final Tenure tenure;
    private final StatementTable table;
    private final Execution ending = new Execution();

    /** Where what ends now counts; null between two. */
    private @Nullable StatementTally endingTally;

    private @Nullable StatementTally last;
    private @Nullable StatementOwner owner;
    private @Nullable String ownersLabel;
    private final BoundPortals portals = new BoundPortals();
    private long startedAt;
    private long endedAt;
    private long waited;
    private long forwarded;

    Executions(ClientSession session, Tenure tenure) {
        this.session = session;
        this.tenure = tenure;
        this.table = session.loop().statements();
    }

    /** Whether anything is counted; if not, nothing of what follows costs anything. */
    boolean isOn() {
        return table.isOn();
    }

    // ---- what is sent

    /** Where the statement whose text, or what is here of it, lies in {@code in} counts; null if nothing does. */
    @Nullable
    StatementTally of(ByteBuf in, int from, int to) {
        if (!table.isOn()) {
            return null;
        }
        return to < from
                ? table.notLookedAt()
                : table.of(in, from, to, session.lease().hasStandardStrings(), owner());
    }

    /** The same for a prepared one. */
    @Nullable
    StatementTally of(@Nullable PreparedStatement statement) {
        if (!table.isOn() || statement == null) {
            return null;
        }
        int loop = session.loop().index();
        StatementTally known = statement.tally(loop);
        if (known != null) {
            StatementTally present = table.of(known, owner());
            if (present != known && !known.isKept()) {
                statement.tally(loop, present);
            }
            return present;
        }
        ByteBuf text = statement.text();
        StatementTally found = of(text, 0, text.writerIndex());
        if (found != null && found != table.notLookedAt()) {
            statement.tally(loop, found);
        }
        return found;
    }

    /** Whether it is worth looking at the text again. */
    boolean isUnknown(@Nullable StatementTally tally) {
        return tally == null || tally == table.notLookedAt();
    }

    private StatementOwner owner() {
        StatementOwner known = owner;
        String label = session.limits().label();
        if (known == null || !Objects.equals(label, ownersLabel)) {
            ownersLabel = label;
            owner = known = table.owner(session.pool().key(), label);
        }
        return known;
    }

    /** A Query is being sent. @param withoutCopy whether its text cannot begin a COPY */
    void query(BackendConnection backend, ByteBuf in, int from, int to, boolean withoutCopy) {
        starts(backend);
        StatementTally tally = of(in, from, to);
        if (withoutCopy) {
            backend.ledger().expectQueryWithoutCopy(tally);
        } else {
            backend.ledger().expectQuery(tally);
        }
    }

    /** A Bind to the portal whose name lies at {@code portal} is being sent. @param tally where its statement counts */
    void bind(ByteBuf in, int portal, @Nullable StatementTally tally) {
        if (table.isOn()) {
            portals.bind(in, portal, tally == null ? null : table.of(tally, owner()));
        }
    }

    /** An Execute is being sent. */
    void execute(BackendConnection backend, ByteBuf in, int at, int available) {
        if (!table.isOn()) {
            backend.ledger().expectExecute();
            return;
        }
        starts(backend);
        BoundPortals.Portal portal = portals.find(in, at + FrameScanner.HEADER, at + available);
        StatementTally tally = portal == null || portal.tally() == null ? table.notLookedAt() : portal.tally();
        backend.ledger().expectExecute(tally, portal != null && portal.executes());
    }

    /** In front of the first in a unit may be others of its messages; behind another one it begins when it is sent. */
    private void starts(BackendConnection backend) {
        if (endingTally == null && !backend.ledger().hasExecutions()) {
            boolean first = tenure.requestAt() - endedAt >= 0;
            startedAt = first ? tenure.requestAt() : System.nanoTime();
        }
    }

    // ---- what comes of it

    /** The client has got a backend. */
    void begins() {
        waited = session.identity().takeWait();
        forwarded = session.toClient().forwarded();
    }

    /** The client has no backend any more. */
    void released() {
        portals.forget();
        last = null;
    }

    /** @param length of the tag at {@code tag}, with its terminator */
    void commandComplete(@Nullable BackendConnection backend, ByteBuf in, int tag, int length) {
        StatementTally tally = backend == null ? null : backend.ledger().execution();
        if (backend != null && tally != null) {
            ending.rows += CommandTags.rows(in, tag, length);
            ends(tally, backend.ledger());
        }
    }

    /** Without a tag. */
    void ended(@Nullable BackendConnection backend, long rows) {
        StatementTally tally = backend == null ? null : backend.ledger().execution();
        if (backend != null && tally != null) {
            ending.rows += rows;
            ends(tally, backend.ledger());
        }
    }

    private void ends(StatementTally tally, Ledger ledger) {
        endingTally = tally;
        ending.continued = ledger.continuesExecution();
        if (!ledger.endsWithReady()) {
            end(tally, System.nanoTime());
        }
    }

    /** An error has come; what is behind it in its unit has not been run. */
    void failed(BackendConnection backend, @Nullable String sqlState) {
        Ledger ledger = backend.ledger();
        StatementTally tally = ledger.executionOfUnit();
        boolean atSync = tally == null && endingTally != null;
        if (atSync) {
            ending.fail(sqlState); // the transaction of its own has failed at its end
        } else if (tally != null) {
            ending.fail(sqlState);
            ends(tally, ledger);
        }
    }

    /** @param now {@link System#nanoTime} */
    void readyForQuery(long now) {
        StatementTally tally = endingTally;
        if (tally != null) {
            end(tally, now);
        }
        forwarded = session.toClient().forwarded();
    }

    /** What {@code ledger} still owes will not come, and the client is told so. */
    void lost(Ledger ledger, @Nullable String sqlState) {
        StatementTally tally = endingTally == null ? ledger.executionOfUnit() : endingTally;
        if (tally != null) {
            ending.fail(sqlState);
            end(tally, System.nanoTime());
        }
    }

    /** A message gets an error for want of a backend. */
    void refused(byte type, ByteBuf in, MessageText text, UnnamedStatement unnamed, @Nullable String sqlState) {
        if (!table.isOn()) {
            return;
        }
        StatementTally tally = switch (type) {
            case FrontendType.QUERY, FrontendType.PARSE ->
                text.sqlAt() == 0 ? null : of(in, text.sqlAt(), text.sqlLimit());
            case FrontendType.BIND -> text.statement() == null ? unnamed.tally() : of(text.statement());
            default -> null;
        };
        if (tally != null) {
            waited = session.identity().takeWait();
            ending.refused = true;
            ending.fail(sqlState);
            startedAt = endedAt = System.nanoTime();
            forwarded = session.toClient().forwarded();
            end(table.of(tally, owner()), startedAt);
            last = null;
        }
    }

    private void end(StatementTally tally, long now) {
        long sent = session.toClient().forwarded();
        ending.nanos = Math.max(0, now - startedAt);
        ending.waitNanos = waited;
        ending.bytes = sent - forwarded;
        table.ended(tally, ending);
        table.slowLog().look(tally, ending, now, this);
        ending.clear();
        endingTally = null;
        last = tally;
        waited = 0;
        forwarded = sent;
        startedAt = endedAt = now;
    }

    /** A transaction has idled for so long. */
    void idled(long nanos) {
        StatementTally behind = last;
        if (behind != null) {
            table.idled(behind, nanos);
        }
    }

    // ---- for the slow log

    @Override
    public String pool() {
        return session.pool().key().toString();
    }

    @Override
    public String address() {
        return session.identity().address();
    }

    @Override
    public String name() {
        return session.identity().name();
    }
}
