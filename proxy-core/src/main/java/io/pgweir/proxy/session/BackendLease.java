package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.Attachment;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.BackendCleanup.Leftover;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;

/**
 * The backend a client holds: makes it the client's own at the beginning, takes what PostgreSQL sends, and gives it back as
 * soon as it may. Whether it may stands in {@link #mayRelease} and nowhere else. On the session's loop.
 */
final class BackendLease implements Attachment, InternalReply {
    private final ClientSession session;
    private final FrontendRelay relay;
    private final Pool pool;
    private final PoolMode mode;
    private final PoolMetrics metrics;
    private final ClientSettings settings;
    private final ParameterReports reports;
    private final SessionState state;
    final ReleaseCheck check;
    private final Overdue overdue;
    final Tenure tenure;
    private final BackendLoss loss;
    final SafeReplay replay;
    private @Nullable BackendConnection backend;

    BackendLease(
            ClientSession session, FrontendRelay relay, LoopContext loop, SessionSettings startup, ParameterView view) {
        this.session = session;
        this.relay = relay;
        this.pool = session.pool();
        this.mode = session.mode();
        this.metrics = pool.metrics(loop);
        this.settings = new ClientSettings(startup);
        this.overdue = new Overdue(session, this, loop.deadlines(), metrics);
        this.tenure = new Tenure(session, relay, metrics);
        this.loss = new BackendLoss(session, relay);
        this.replay = new SafeReplay(session, relay, loop, loss);
        this.reports = new ParameterReports(session, view, settings);
        this.state = new SessionState(session, settings, metrics);
        this.check = new ReleaseCheck(session, loop, settings, state);
    }

    @Nullable
    BackendConnection backend() {
        return backend;
    }

    void begin(BackendConnection granted) {
        backend = granted;
        granted.traces().lastClient(session);
        granted.attach(this);
        tenure.begins(granted.ledger());
        relay.attached(granted);
        if (mode == PoolMode.SESSION) {
            return;
        }
        reports.begin(granted, settings.apply(granted, this));
        if (state.begins(granted)) {
            granted.sendInternalQuery("DISCARD SEQUENCES", new Preparation(granted, this));
        }
        DeferredBegin begin = session.takeDeferredBegin();
        if (begin != null) {
            begin.send(granted, this);
            overdue.transactionBegins();
        }
    }

    private boolean mayRelease(BackendConnection current) {
        return mode != PoolMode.SESSION
                && current.isSettled()
                && current.status() == TransactionStatus.IDLE
                && !relay.isUnitOpen()
                && !session.isInsideFrame()
                && !relay.holdsBackend()
                && current.cancelsInFlight() == 0;
    }

    private void releaseIfDone() {
        BackendConnection current = backend;
        if (current == null || !mayRelease(current) || !check.lets(current)) {
            return;
        }
        session.flush();
        relay.released();
        tenure.ends();
        boolean fit = !check.isSpoiled();
        end(current);
        BackendCleanup.giveBack(current, pool, fit);
        state.tellLost(relay);
    }

    /** The client has no backend any more; what happens to {@code current} is the caller's business. */
    private void end(BackendConnection current) {
        backend = null;
        replay.leaseEnds();
        check.forget(relay);
        reports.forget();
        tenure.ended();
        overdue.over();
        current.detach();
        if (!session.isPaused()) {
            // If the backend took no more bytes, that was its own affair.
            session.autoRead(true);
        }
    }

    /** The client has gone. */
    void abandon(boolean halfSent) {
        replay.abandon();
        BackendConnection current = backend;
        if (current != null) {
            Leftover leftover = check.leftover(halfSent || isHopeless(), !relay.isCommitting());
            end(current);
            tenure.executions.lost(current.ledger(), SqlState.QUERY_CANCELED.code());
            BackendCleanup.start(current, pool, session.loop(), leftover);
        }
    }

    /**
     * Takes the backend from the client, to be cancelled, rolled back and freed. The client is told at once if a reply is
     * owed, else with its next statement; its transaction, if it was in one, has failed. A backend that no other can
     * replace is only rolled back, unless it must go: then the session ends.
     */
    void giveUp(BackendConnection current, ErrorFields error, Taken why) {
        boolean irreplaceable = mode == PoolMode.SESSION || state.isBound();
        if (irreplaceable && why != Taken.KILLED && current.isSettled() && !relay.isUnitOpen()) {
            overdue.over();
            session.transaction(ClientTransaction.FAILED);
            session.listening().transactionOver();
            relay.errorForNextStatement(error);
            current.sendInternalQuery("ROLLBACK", this);
            current.flush();
            return;
        }
        if (irreplaceable || current.isInsideReply()) {
            loss.closeSession(current, error, why);
            return;
        }
        Leftover leftover = check.leftover(isHopeless(), true);
        end(current);
        loss.givenUp(current, error, why);
        BackendCleanup.start(current, pool, session.loop(), leftover);
        loss.goOn();
    }

    private boolean isHopeless() {
        return session.isInsideFrame()
                || relay.isUnitOpen()
                || session.listening().mustUnlisten();
    }

    /** What pgweir put in front of the client's own work has been answered. */
    @Override
    public void done(@Nullable ErrorFields error) {
        BackendConnection current = backend;
        if (error == null && current != null) {
            reports.settle(current);
        }
        if (error != null && current != null) {
            end(current);
            pool.discard(current);
            loss.ofPreparation(current, error);
        }
    }

    @Override
    public void backendLost(BackendFailure failure) {
        BackendConnection current = backend;
        if (current != null) {
            boolean own = mode == PoolMode.SESSION || state.isBound();
            boolean repeatable = !own && !overdue.isExceeded() && check.knowsSettings();
            String kept = state.pins().describe();
            end(current);
            if (!repeatable || !replay.takes(current, failure)) {
                loss.of(current, failure, own, kept);
            }
        }
    }

    // ---- from PostgreSQL

    @Override
    public EventLoop eventLoop() {
        return session.loop().loop();
    }

    @Override
    public Outbound toClient() {
        return session.toClient();
    }

    @Override
    public void readyForQuery(byte status) {
        session.told(status);
        relay.readyForQuery();
        replay.answered();
        BackendConnection current = backend;
        boolean moreRuns = current != null && current.ledger().size() > 0;
        tenure.readyForQuery(status, moreRuns, current);
        overdue.readyForQuery(status, moreRuns);
        settings.answered(moreRuns);
    }

    @Override
    public void parameterStatus(String name, String value) {
        reports.reported(backend, name, value);
    }

    @Override
    public void commandComplete(ByteBuf in, int at, int length) {
        overdue.statementEnded();
        tenure.executions.commandComplete(backend, in, at, length);
        byte first = in.getByte(at);
        if (first == 'S'
                || first == 'R'
                || first == 'D'
                || first == 'L'
                || (first == 'C' && session.limits().isUndecided())) {
            relay.commandCompleted(CommandTags.effectOf(in, at, length));
        }
        session.listening().commandCompleted(in, at, length);
    }

    @Override
    public void executionEnds(long rows) {
        tenure.executions.ended(backend, rows);
    }

    @Override
    public ErrorAction errorForClient(ErrorFields error) {
        BackendConnection current = backend;
        session.limits().failed();
        session.listening().failed();
        if (current == null) {
            return ErrorAction.SUPPRESS;
        }
        ErrorAction action = ErrorAction.SUPPRESS;
        if (!overdue.tellsInsteadOf(error)) {
            action = relay.errorForClient(current, error);
            if (action == ErrorAction.REPLAY) {
                return action;
            }
            metrics.errorsOfPostgres.increment(error.code());
        }
        tenure.executions.failed(current, error.code());
        return action;
    }

    @Override
    public void replay() {
        BackendConnection current = backend;
        if (current != null) {
            relay.repeatable().repeatUnseen(current);
            current.flush();
        }
    }

    @Override
    public Holder holder(BackendConnection of, StatementBook book) {
        return tenure.holder(of, book);
    }

    @Override
    public HoldState holdState(BackendConnection of) {
        return tenure.state(of);
    }

    @Override
    public boolean wantsNotifications() {
        return mode == PoolMode.SESSION || state.hears();
    }

    @Override
    public boolean wantsNotification(ByteBuf in, int at, int length) {
        return wantsNotifications() && !session.listening().isSharedChannel(in, at, length);
    }

    @Override
    public void notification(ByteBuf in, int at, int length) {
        if (check.mayFindListening()) {
            session.listening().begun().keepEarly(in, at, length);
        } else if (backend != null && !session.listening().hasBegun()) {
            backend.doubt();
        }
    }

    @Override
    public void afterRead() {
        session.replied();
        BackendConnection current = backend;
        if (current != null) {
            resumeIfNotHeld(false);
            if (current == backend && !session.channel().isWritable()) {
                tenure.reads(current, false);
            }
            if (current == backend) {
                overdue.afterRead(current, relay.isUnitOpen());
            }
        }
        if (mode == PoolMode.STATEMENT && session.toldStatus() != TransactionStatus.IDLE && !session.isClosed()) {
            session.closeWith(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
            return;
        }
        if (session.farewell().stays()) {
            releaseIfDone();
            resumeIfNotHeld(true);
        }
    }

    private void resumeIfNotHeld(boolean kept) {
        if (relay.held().isOver(backend, kept)) {
            relay.notHeld();
            session.resumeIfPaused();
        }
    }

    @Override
    public void readComplete() {
        session.flush();
    }

    @Override
    public void backendWritabilityChanged() {
        BackendConnection current = backend;
        if (current != null && !session.isPaused()) {
            session.autoRead(current.channel().isWritable());
        }
    }

    @Override
    public void cancelArrived() {
        // First of all: a backend that a late cancel may still hit is not for what has been held back either.
        releaseIfDone();
        resumeIfNotHeld(true);
    }

    /** Sends off what the client's read has put together. */
    void flush() {
        BackendConnection current = backend;
        if (current != null) {
            current.flush();
            releaseIfDone();
        }
    }

    void readIfWritable(boolean writable) {
        BackendConnection current = backend;
        if (current != null) {
            tenure.reads(current, writable);
        }
    }

    /** Nothing runs, in a transaction or not. */
    boolean isQuiet() {
        return backend == null || (backend.ledger().size() == 0 && !relay.isUnitOpen());
    }

    /** No transaction is open and nothing runs; in session mode there is a backend all the same. */
    boolean isAtRest() {
        BackendConnection current = backend;
        return current == null
                ? !replay.isWaiting()
                : current.isSettled() && current.status() == TransactionStatus.IDLE && !relay.isUnitOpen();
    }

    /** Cancels what runs for the client. */
    void cancel() {
        BackendConnection current = backend;
        if (current == null) {
            replay.cancel();
        } else if (RunningWork.runs(current, relay.isUnitOpen()) && current.cancelsInFlight() == 0) {
            replay.forbid();
            metrics.cancelsForClients.increment();
            pool.connector().cancel(current);
        }
    }

    /** A request is sent; if none is under way, its duration counts from here. */
    void requestBegins() {
        check.requestBegins();
        if (tenure.requestBegins()) {
            overdue.statementBegins();
        }
    }

    /** A Query of {@code count} statements is about to be sent; none of the client's own is under way. */
    void severalBegin(int count) {
        check.requestBegins();
        tenure.requestBegins();
        overdue.severalBegin(count);
    }

    /** The client has been answered in place of its backend, which owes nothing: it has the turn again. */
    void answered(BackendConnection current) {
        overdue.readyForQuery(current.status(), false);
    }

    /** A SET has completed, by whatever means. */
    void settingsTouched() {
        if (mode != PoolMode.SESSION) {
            reports.settingChanged(backend);
        }
    }

    ClientSettings settings() {
        return settings;
    }

    SessionState state() {
        return state;
    }

    /** How the client's strings are to be read. */
    boolean hasStandardStrings() {
        return reports.hasStandardStrings();
    }

    /** DISCARD ALL: the client is as it was at its start, on any backend. */
    void discarded() {
        settings.discarded();
        session.limits().resetAll();
        check.discarded(backend);
        session.listening().discarded();
    }

    void restoreStartup() {
        if (backend != null && !relay.isUnitOpen()) {
            check.restoreStartup(backend, this);
        }
    }
}
