package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.Attachment;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client after its login: holds a backend while it needs one and gives it back as soon as it may. What the client
 * sends is judged by {@link FrontendRelay}; what PostgreSQL sends comes through {@link Attachment}. On one loop.
 *
 * <pre>
 *   detached --needsBackend--> queued --granted--> attached --afterRead (settled, I)--> detached
 *                                 \--refused--> detached (ERROR)    \--backendLost--> detached (ERROR)
 *   any --closed--> gone (waiter leaves, backend cleaned up)
 * </pre>
 */
final class ClientSession implements Attachment {
    /** Read-ahead while queued: enough for a pipeline, little enough for many clients. */
    private static final int MOST_READ_AHEAD = 256 << 10;

    private static final int RESUME_OWED = FrontendRelay.MOST_OWED / 2;
    private static final Logger LOG = LoggerFactory.getLogger(ClientSession.class);

    private final Channel channel;
    private final LoopContext loop;
    private final Pool pool;
    private final PoolMode mode;
    private final PoolMetrics metrics;
    private final SessionSettings startup;
    private final ParameterView parameters;
    private final FrameScanner scanner = new FrameScanner();
    private final FrontendRelay relay = new FrontendRelay(this);
    private final Outbound toClient = new Outbound();
    private final Waiter waiter;
    private final TimeLimits limits;
    private Runnable onClosed = () -> {};
    private SessionSettings settings;
    private @Nullable BackendConnection backend;
    private ClientTransaction transaction = ClientTransaction.NONE;
    private @Nullable DeferredBegin deferredBegin;
    private boolean settingsTouched;
    private boolean pinned;
    private boolean spoiled;
    private boolean queued;
    private boolean closed;
    private boolean unflushed;
    private boolean draining;
    private boolean statementEnded;
    private boolean overdueTold;
    private TimeLimits.@Nullable Limit overdue;
    private byte toldStatus = TransactionStatus.IDLE;
    private long attachedAt;
    private long requestAt;

    ClientSession(Channel channel, LoopContext loop, Pool pool, SessionSettings startup, ParameterView parameters) {
        this.channel = channel;
        this.loop = loop;
        this.pool = pool;
        this.mode = pool.settings().mode();
        this.metrics = pool.metrics(loop);
        this.startup = startup;
        this.settings = startup;
        this.parameters = parameters;
        this.waiter = new SessionWaiter();
        this.limits = new TimeLimits(loop.deadlines(), pool.settings(), this::exceeded);
        toClient.target(channel);
    }

    private final class SessionWaiter extends Waiter {
        SessionWaiter() {
            super(ClientSession.this.pool, ClientSession.this.loop);
        }

        @Override
        protected void granted(BackendConnection granted) {
            ClientSession.this.granted(granted);
        }

        @Override
        protected void failed(CheckoutFailure failure) {
            refused(CheckoutErrors.of(failure, pool));
        }

        @Override
        protected Object client() {
            return ClientSession.this;
        }
    }

    /** What to do once when the client has gone. */
    void onClosed(Runnable action) {
        onClosed = action;
    }

    // ---- from the client's channel

    void clientRead(ByteBuf in) {
        try {
            scanner.feed(in, relay);
        } catch (ProtocolViolation e) {
            violated(e);
            return;
        }
        if (scanner.isPaused() && scanner.keptBytes() > MOST_READ_AHEAD) {
            autoRead(false);
        }
    }

    void clientReadComplete() {
        if (backend != null) {
            backend.flush();
            releaseIfDone();
        }
        flushToClient();
    }

    /** The client's socket takes more, or no longer: the backend is read accordingly. */
    void clientWritabilityChanged() {
        BackendConnection current = backend;
        if (current != null) {
            current.channel().config().setAutoRead(channel.isWritable());
        }
    }

    /** The client is gone: it leaves the queue, and what it left behind is cleaned up. */
    void clientClosed() {
        if (closed) {
            return;
        }
        closed = true;
        limits.nothingRuns();
        boolean partial = scanner.insideFrame();
        scanner.close();
        toClient.target(null);
        relay.released();
        if (queued && pool.leave(waiter)) {
            queued = false;
        }
        BackendConnection current = backend;
        if (current != null) {
            backend = null;
            boolean hopeless = partial || relay.isUnitOpen() || pinned || spoiled;
            BackendCleanup.start(current, pool, loop, hopeless, settingsTouched, metrics);
        }
        onClosed.run();
    }

    private void violated(ProtocolViolation e) {
        LOG.info("client {} of pool {} closed: {}", channel.remoteAddress(), pool.key(), e.getMessage());
        closeWith(ClientError.PROTOCOL_VIOLATION.with(String.valueOf(e.getMessage())));
    }

    /** Sends a last error and closes, so that the client can read it. */
    void closeWith(ErrorFields error) {
        BackendWriter.error(toClient.append(), error);
        toClient.end();
        LastWords.closeAfterFlush(channel);
        clientClosed();
    }

    void terminate() {
        clientClosed();
        channel.close();
    }

    // ---- the backend

    /** True if a backend is attached, perhaps only now; false if the session is queued or refused. */
    boolean acquire() {
        if (backend != null) {
            return true;
        }
        queued = true;
        pool.checkout(waiter);
        return backend != null;
    }

    private void granted(BackendConnection granted) {
        queued = false;
        if (closed) {
            pool.release(granted);
            return;
        }
        attach(granted);
        if (scanner.isPaused()) {
            resume();
        }
    }

    private void attach(BackendConnection granted) {
        backend = granted;
        granted.lastClient(this);
        granted.attach(this);
        attachedAt = requestAt = System.nanoTime();
        relay.attached(granted);
        if (mode == PoolMode.SESSION) {
            return;
        }
        parameters.corrections(granted.parameters()).forEach((name, value) -> {
            BackendWriter.parameterStatus(toClient.append(), name, value);
            unflushed = true;
        });
        SettingsSync.apply(granted, settings, this::injected);
        DeferredBegin begin = deferredBegin;
        if (begin != null) {
            deferredBegin = null;
            transaction = transaction.to(ClientTransaction.NONE);
            begin.send(granted, this::injected);
            limits.transactionRuns();
        }
    }

    /** Session mode: the backend that this client logged in with. */
    void adopt(BackendConnection own) {
        attach(own);
    }

    /** What pgweir put in front of the client's own work has been answered. */
    private void injected(@Nullable ErrorFields error) {
        if (error != null && backend != null) {
            LOG.warn(
                    "pool {}: backend {} closed: a setting or BEGIN in front of a client's statement failed: {} {}",
                    pool.key(),
                    backend,
                    error.code(),
                    error.message());
            loseBackend(new BackendFailure(
                    BackendFailure.Kind.LOST, error.code(), "its settings could not be applied: " + error.message()));
        }
    }

    private void refused(ErrorFields error) {
        queued = false;
        metrics.failures.increment();
        if (closed) {
            return;
        }
        relay.refuse(error);
        if (scanner.isPaused()) {
            resume();
        }
    }

    /** Goes on with what was held back. */
    private void resume() {
        try {
            scanner.resume(relay);
        } catch (ProtocolViolation e) {
            violated(e);
            return;
        }
        clientReadComplete();
        if (!scanner.isPaused() && !closed) {
            autoRead(backend == null || backend.channel().isWritable());
        }
    }

    private boolean mayRelease(BackendConnection current) {
        return mode != PoolMode.SESSION
                && current.isSettled()
                && current.status() == TransactionStatus.IDLE
                && !relay.isUnitOpen()
                && !scanner.insideFrame()
                && !relay.holdsBackend()
                && !pinned
                && current.cancelsInFlight() == 0;
    }

    private void releaseIfDone() {
        BackendConnection current = backend;
        if (current == null || !mayRelease(current)) {
            return;
        }
        if (settingsTouched) {
            settingsTouched = false;
            SettingsSync.snapshot(current, this::learned);
            current.flush();
            return;
        }
        backend = null;
        flushToClient();
        relay.released();
        current.detach();
        metrics.transactions.record(System.nanoTime() - attachedAt);
        if (spoiled) {
            spoiled = false;
            pool.discard(current);
        } else {
            pool.release(current);
        }
    }

    private void learned(@Nullable SessionSettings snapshot) {
        BackendConnection current = backend;
        if (current == null) {
            return;
        }
        if (snapshot == null) {
            spoiled = true;
            return;
        }
        settings = startup.overlaidWith(snapshot);
        current.applied(snapshot);
    }

    private void loseBackend(BackendFailure failure) {
        BackendConnection current = backend;
        if (current != null) {
            boolean owed = current.owed() > 0;
            current.detach();
            pool.discard(current);
            lostBackend(failure, current, owed);
        }
    }

    @Override
    public void backendLost(BackendFailure failure) {
        BackendConnection current = backend;
        if (current != null) {
            lostBackend(failure, current, current.owed() > 0);
        }
    }

    private void lostBackend(BackendFailure failure, BackendConnection lost, boolean owed) {
        backend = null;
        limits.nothingRuns();
        overdue = null;
        metrics.failures.increment();
        LOG.info(
                "pool {}: backend {} lost under client {}: {}",
                pool.key(),
                lost,
                channel.remoteAddress(),
                failure.message());
        if (lost.brokeInsideReply()) {
            // Half a message has gone out; whatever followed would be taken for its rest.
            terminate();
            return;
        }
        if (mode == PoolMode.SESSION || scanner.insideFrame() || pinned) {
            ErrorFields error = ClientError.SESSION_LOST.with(failure.message());
            closeWith(failure.sqlState() == null ? error : error.with(ErrorField.CODE, failure.sqlState()));
            return;
        }
        boolean committing = owed && relay.isCommitting();
        transaction =
                toldStatus != TransactionStatus.IDLE && !committing ? ClientTransaction.FAILED : ClientTransaction.NONE;
        ClientError error = committing ? ClientError.COMMIT_UNKNOWN : ClientError.BACKEND_LOST;
        relay.backendLost(lost, error.with(failure.brief()).withDetail(failure.message()));
        relay.released();
        if (scanner.isPaused()) {
            resume();
        }
        flushToClient();
    }

    // ---- from PostgreSQL

    @Override
    public EventLoop eventLoop() {
        return loop.loop();
    }

    @Override
    public Outbound toClient() {
        return toClient;
    }

    @Override
    public void readyForQuery(byte status) {
        long now = System.nanoTime();
        metrics.queries.record(now - requestAt);
        requestAt = now;
        toldStatus = status;
        unflushed = true;
        statementEnded = false;
        relay.readyForQuery();
        BackendConnection current = backend;
        if (current != null && current.owed() > 0) {
            limits.statementRuns();
        } else if (status == TransactionStatus.IDLE) {
            limits.nothingRuns();
        } else {
            limits.clientHasTheTurn();
        }
    }

    @Override
    public void parameterStatus(String name, String value) {
        if (parameters.changes(name, value)) {
            BackendWriter.parameterStatus(toClient.append(), name, value);
            unflushed = true;
        }
    }

    @Override
    public void commandComplete(ByteBuf in, int at, int length) {
        statementEnded = true;
        if (mode != PoolMode.SESSION) {
            byte first = in.getByte(at);
            if (first == 'S' || first == 'R' || first == 'D') {
                relay.commandCompleted(CommandTags.effectOf(in, at, length));
            }
        }
    }

    @Override
    public ErrorAction errorForClient(ErrorFields error) {
        BackendConnection current = backend;
        if (current == null) {
            return ErrorAction.SUPPRESS;
        }
        if (overdue != null && SqlState.QUERY_CANCELED.code().equals(error.code())) {
            BackendWriter.error(toClient.append(), overdueError(overdue));
            overdueTold = true;
            return ErrorAction.SUPPRESS;
        }
        return relay.errorForClient(current, error);
    }

    @Override
    public void replay() {
        BackendConnection current = backend;
        if (current != null) {
            relay.replay(current);
            current.flush();
        }
    }

    @Override
    public boolean wantsNotifications() {
        return mode == PoolMode.SESSION || pinned;
    }

    @Override
    public void afterRead() {
        unflushed = true;
        BackendConnection current = backend;
        if (current != null && relay.isHeldByBound() && current.owed() < RESUME_OWED) {
            relay.notHeld();
            resume();
        }
        if (current != null && relay.isHeldUntilAnswered() && current.owed() == 0) {
            relay.notHeld();
            resume();
        }
        if (current != null && current == backend && !channel.isWritable()) {
            current.channel().config().setAutoRead(false);
        }
        if (statementEnded) {
            // Several statements in one unit: the next has its own clock.
            statementEnded = false;
            limits.statementRuns();
        }
        if (overdue != null && current != null && current.isSettled()) {
            overdueEnded(current, overdue);
        }
        if (mode == PoolMode.STATEMENT && toldStatus != TransactionStatus.IDLE) {
            closeWith(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
            return;
        }
        releaseIfDone();
        if (relay.isHeldUntilReleased() && backend == null) {
            relay.notHeld();
            resume();
        }
        if (draining) {
            drainIfIdle();
        }
    }

    @Override
    public void readComplete() {
        flushToClient();
    }

    @Override
    public void backendWritabilityChanged() {
        BackendConnection current = backend;
        if (current != null && !scanner.isPaused()) {
            autoRead(current.channel().isWritable());
        }
    }

    // ---- cancel

    /** A CancelRequest with this session's key has come. On the session's loop. */
    void cancel() {
        if (closed) {
            return;
        }
        if (queued && pool.leave(waiter)) {
            queued = false;
            refused(ClientError.QUEUED_STATEMENT_CANCELED.with());
            return;
        }
        BackendConnection current = backend;
        boolean running =
                current != null && (current.unansweredUnits() > 0 || (relay.isUnitOpen() && current.owed() > 0));
        if (current != null && running && current.cancelsInFlight() == 0) {
            metrics.cancelsForClients.increment();
            pool.connector().cancel(current);
        }
    }

    @Override
    public void cancelArrived() {
        if (relay.isHeldUntilCanceled()) {
            relay.notHeld();
            resume();
        }
        releaseIfDone();
    }

    // ---- time limits

    private void exceeded(TimeLimits.Limit limit) {
        BackendConnection current = backend;
        if (current == null) {
            return;
        }
        switch (limit) {
            case STATEMENT -> metrics.statementTimeouts.increment();
            case TRANSACTION -> metrics.transactionTimeouts.increment();
            case IDLE_IN_TRANSACTION -> metrics.idleInTransactionTimeouts.increment();
            case CANCEL -> {
                giveUp(current, overdueError(overdue == null ? TimeLimits.Limit.STATEMENT : overdue));
                return;
            }
        }
        if (current.owed() == 0 && !relay.isUnitOpen()) {
            giveUp(current, overdueError(limit));
            return;
        }
        overdue = limit;
        limits.cancelSent();
        if (current.cancelsInFlight() == 0) {
            metrics.cancelsOfOverdue.increment();
            pool.connector().cancel(current);
        }
    }

    private ErrorFields overdueError(TimeLimits.Limit limit) {
        return switch (limit) {
            case STATEMENT, CANCEL ->
                ClientError.STATEMENT_TIMEOUT.with(CheckoutErrors.seconds(
                        pool.settings().statementTimeout().toNanos()));
            case TRANSACTION ->
                ClientError.TRANSACTION_TIMEOUT.with(CheckoutErrors.seconds(
                        pool.settings().transactionTimeout().toNanos()));
            case IDLE_IN_TRANSACTION ->
                ClientError.IDLE_IN_TRANSACTION_TIMEOUT.with(CheckoutErrors.seconds(
                        pool.settings().idleInTransactionTimeout().toNanos()));
        };
    }

    /** What was overdue has ended: cancelled, or just before the cancel request came. */
    private void overdueEnded(BackendConnection current, TimeLimits.Limit limit) {
        if (relay.isUnitOpen()) {
            return;
        }
        boolean told = overdueTold;
        overdue = null;
        overdueTold = false;
        if (limit == TimeLimits.Limit.TRANSACTION && toldStatus != TransactionStatus.IDLE) {
            giveUp(current, told ? ClientError.TRANSACTION_FAILED.with() : overdueError(limit));
        }
    }

    /**
     * Takes the backend from the client, to be cancelled, rolled back and freed. The client is told at once if a reply is
     * owed, else with its next statement; its transaction, if it was in one, has failed.
     */
    private void giveUp(BackendConnection current, ErrorFields error) {
        limits.nothingRuns();
        overdue = null;
        metrics.failures.increment();
        boolean inTransaction = toldStatus != TransactionStatus.IDLE;
        boolean ownBackend = mode == PoolMode.SESSION || pinned;
        if (ownBackend && current.isSettled() && !relay.isUnitOpen()) {
            transaction = transaction.to(ClientTransaction.FAILED);
            relay.errorForNextStatement(error);
            current.sendInternalQuery("ROLLBACK", this::injected);
            current.flush();
            return;
        }
        if (ownBackend || scanner.insideFrame() || current.isInsideReply()) {
            closeWith(error.with(ErrorField.SEVERITY, "FATAL").with(ErrorField.SEVERITY_NONLOCALIZED, "FATAL"));
            return;
        }
        backend = null;
        transaction = inTransaction ? ClientTransaction.FAILED : ClientTransaction.NONE;
        boolean touched = settingsTouched;
        settingsTouched = false;
        boolean hopeless = relay.isUnitOpen() || spoiled;
        spoiled = false;
        current.detach();
        relay.backendLost(current, error);
        relay.released();
        BackendCleanup.start(current, pool, loop, hopeless, touched, metrics);
        if (scanner.isPaused()) {
            resume();
        }
        flushToClient();
    }

    // ---- shutdown

    /** Closes as soon as the client is outside a transaction and nothing is owed. */
    void drain() {
        draining = true;
        drainIfIdle();
    }

    private void drainIfIdle() {
        boolean idle = backend == null && !queued && transaction != ClientTransaction.FAILED;
        boolean ownIdle = mode == PoolMode.SESSION
                && backend != null
                && backend.isSettled()
                && backend.status() == TransactionStatus.IDLE
                && !relay.isUnitOpen();
        if (!closed && (idle || ownIdle) && scanner.keptBytes() == 0 && !scanner.insideFrame()) {
            closeWith(ClientError.SHUTTING_DOWN.with());
        }
    }

    // ---- for the relay

    boolean isClosed() {
        return closed;
    }

    Pool pool() {
        return pool;
    }

    PoolMode mode() {
        return mode;
    }

    @Nullable
    BackendConnection backend() {
        return backend;
    }

    ClientTransaction transaction() {
        return transaction;
    }

    void transaction(ClientTransaction next) {
        transaction = transaction.to(next);
        if (next != ClientTransaction.DEFERRED) {
            deferredBegin = null;
        }
    }

    /** The status of the last ReadyForQuery that the client got. */
    byte toldStatus() {
        return toldStatus;
    }

    DeferredBegin deferredBegin() {
        DeferredBegin begin = deferredBegin;
        if (begin == null) {
            deferredBegin = begin = new DeferredBegin();
        }
        return begin;
    }

    /** The client has changed a setting; what it is now is asked for before the backend is given back. */
    void settingsTouched() {
        settingsTouched = true;
    }

    /** Whether the client has set something since its login, of which it may have been told. */
    boolean hasOwnSettings() {
        return !settings.equals(startup);
    }

    /** DISCARD ALL: back to what the client started with. */
    void settingsDiscarded() {
        settingsTouched = false;
        settings = startup;
    }

    /** The client has made something on its backend that no other backend has. */
    void pin() {
        pinned = true;
    }

    void unpin() {
        pinned = false;
    }

    /** Answers a message of this type with {@code error}. */
    void refuse(ErrorFields error, byte type) {
        metrics.failures.increment();
        relay.fail(error, type);
    }

    /** A request begins; its duration counts from here. */
    void requestBegins() {
        requestAt = System.nanoTime();
        limits.statementRuns();
    }

    /** A ReadyForQuery of our own ends a reply that no backend gave. */
    void ready() {
        toldStatus = transaction.status();
        BackendWriter.readyForQuery(toClient.append(), toldStatus);
        unflushed = true;
    }

    /** Answers a Query in place of {@code current}, which owes nothing. */
    void completed(BackendConnection current, String tag) {
        toldStatus = current.status();
        BackendWriter.commandComplete(toClient.append(), tag);
        BackendWriter.readyForQuery(toClient.append(), toldStatus);
        unflushed = true;
    }

    /** Replies of our own have been put into {@link #toClient}. */
    void replied() {
        unflushed = true;
    }

    void autoRead(boolean on) {
        if (channel.config().isAutoRead() != on) {
            channel.config().setAutoRead(on);
        }
    }

    private void flushToClient() {
        if (unflushed) {
            unflushed = false;
            toClient.end();
            channel.flush();
        }
    }
}
