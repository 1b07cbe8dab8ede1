package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client after its login: its socket, and its transaction while it has no backend. What it sends is judged by
 * {@link FrontendRelay}; it waits for a backend at a {@link QueuePlace}, and what it holds is the business of {@link BackendLease}.
 * On one loop.
 *
 * <pre>
 *   detached --acquire--> queued --granted--> attached --releaseIfDone--> detached
 *                            \--refused--> detached (ERROR)   \--lost, given up--> detached (ERROR)
 *   any --clientClosed--> gone (waiter leaves, backend cleaned up)
 * </pre>
 */
final class ClientSession implements CancelTarget {
    private static final Logger LOG = LoggerFactory.getLogger(ClientSession.class);

    private final Channel channel;
    private final LoopContext loop;
    private final Pool pool;
    private final FrameScanner scanner = new FrameScanner();
    private final ReadAhead readAhead;
    private final Outbound toClient = new Outbound();
    private final ClientLimits limits;
    private final IdleClient idle;
    private final FrontendRelay relay;
    private final BackendLease lease;
    private final QueuePlace place;
    private final ClientIdentity identity;
    private final Listening listening;
    private final Farewell farewell = new Farewell(this);
    private Runnable onClosed = () -> {};
    private ClientTransaction transaction = ClientTransaction.NONE;
    private @Nullable DeferredBegin deferredBegin;
    private byte toldStatus = TransactionStatus.IDLE;
    private boolean closed;
    private boolean unflushed;

    /** @param hub null: a client that listens keeps its backend */
    ClientSession(
            Channel channel,
            LoopContext loop,
            Pool pool,
            ClientLimits limits,
            @Nullable NotificationHub hub,
            BufferBudget buffers,
            SessionSettings startup,
            ParameterView parameters) {
        this.channel = channel;
        this.loop = loop;
        this.pool = pool;
        this.limits = limits;
        this.readAhead = new ReadAhead(this, buffers);
        this.idle = new IdleClient(this, loop.deadlines());
        this.listening = new Listening(this, hub, loop, parameters);
        this.relay = new FrontendRelay(this);
        this.lease = new BackendLease(this, relay, loop, startup, parameters);
        this.place = new QueuePlace(this);
        this.identity = new ClientIdentity(channel, limits, lease.settings(), place);
        toClient.target(channel);
        idle.active();
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
        readAhead.note(scanner);
    }

    void clientReadComplete() {
        lease.flush();
        idle.active();
        farewell.stays();
        flush();
    }

    /** The client's socket takes more, or no longer: the backend is read accordingly. */
    void clientWritabilityChanged() {
        lease.readIfWritable(channel.isWritable());
        if (channel.isWritable() && listening.hasBegun()) {
            // Later: this may come out of a write, in the middle of what is being assembled.
            loop.loop().execute(this::flush);
        }
    }

    /** The client is gone: it leaves the queue, and what it left behind is cleaned up. */
    void clientClosed() {
        if (closed) {
            return;
        }
        closed = true;
        idle.disarm();
        boolean halfSent = scanner.insideFrame();
        scanner.close();
        readAhead.note(scanner);
        toClient.target(null);
        place.leave();
        lease.abandon(halfSent);
        listening.closed();
        relay.released();
        onClosed.run();
    }

    private void violated(ProtocolViolation e) {
        LOG.info("client {} of pool {} closed: {}", channel.remoteAddress(), pool.key(), e.getMessage());
        closeWith(ClientError.PROTOCOL_VIOLATION.with(String.valueOf(e.getMessage())));
    }

    /** Sends a last error and closes, so that the client can read it; behind part of a message it would be its rest. */
    void closeWith(ErrorFields error) {
        BackendConnection backend = lease.backend();
        if (backend == null || !backend.isInsideReply()) {
            send(error);
        }
        toClient.end();
        LastWords.closeAfterFlush(channel);
        clientClosed();
    }

    void terminate() {
        clientClosed();
        channel.close();
    }

    // ---- the queue

    /** True if a backend is attached, perhaps only now; false if the session is queued or refused. */
    boolean acquire() {
        if (lease.backend() == null) {
            place.take();
        }
        return lease.backend() != null;
    }

    /** The backend that the session has waited for. */
    void granted(BackendConnection granted) {
        lease.begin(granted);
        resumeIfPaused();
    }

    /** Session mode: the backend that this client logged in with. */
    void adopt(BackendConnection own) {
        lease.begin(own);
    }

    /** What waits for a backend, or for one that listens, gets {@code error}. */
    void refused(ErrorFields error) {
        if (!closed) {
            relay.refuse(error);
            resumeIfPaused();
        }
    }

    /** Goes on with what was held back. */
    void resumeIfPaused() {
        if (!scanner.isPaused()) {
            return;
        }
        try {
            scanner.resume(relay);
        } catch (ProtocolViolation e) {
            violated(e);
            return;
        }
        clientReadComplete();
        BackendConnection backend = lease.backend();
        if (!scanner.isPaused() && !closed) {
            autoRead(backend == null || backend.channel().isWritable());
        }
        readAhead.note(scanner);
    }

    @Override
    public void cancel() {
        if (closed || place.cancel()) {
            return;
        }
        if (lease.backend() == null && listening.stopWaiting()) {
            refused(ClientError.QUEUED_STATEMENT_CANCELED.with());
        } else {
            lease.cancel();
        }
    }

    // ---- shutdown

    Farewell farewell() {
        return farewell;
    }

    void drain() {
        if (place.leave()) {
            closeWith(ClientError.SHUTTING_DOWN.with()); // its statement never runs
        } else {
            farewell.begin();
        }
    }

    /** Who it is, for people. */
    ClientIdentity identity() {
        return identity;
    }

    /** Outside of a transaction, and nothing of the client's is under way. */
    boolean isIdle() {
        boolean open = transaction == ClientTransaction.NONE && !closed && !place.isTaken();
        return open && lease.isAtRest() && scanner.keptBytes() == 0 && !scanner.insideFrame();
    }

    /** Idle, and not in the middle of a unit of the extended protocol either. */
    boolean isBetweenUnits() {
        return isIdle() && !relay.isUnitOpen();
    }

    // ---- for the relay and the lease

    @Override
    public LoopContext loop() {
        return loop;
    }

    boolean isClosed() {
        return closed;
    }

    Channel channel() {
        return channel;
    }

    Pool pool() {
        return pool;
    }

    PoolMetrics metrics() {
        return pool.metrics(loop);
    }

    ClientLimits limits() {
        return limits;
    }

    PoolMode mode() {
        return pool.settings().mode();
    }

    BackendLease lease() {
        return lease;
    }

    @Nullable
    BackendConnection backend() {
        return lease.backend();
    }

    Outbound toClient() {
        return toClient;
    }

    /** Part of a message has gone to the backend, and its rest has not come. */
    boolean isInsideFrame() {
        return scanner.insideFrame();
    }

    boolean isPaused() {
        return scanner.isPaused();
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

    DeferredBegin deferredBegin() {
        DeferredBegin begin = deferredBegin;
        if (begin == null) {
            deferredBegin = begin = new DeferredBegin();
        }
        return begin;
    }

    /** The deferred BEGIN, which goes to a backend now; null if there is none. */
    @Nullable
    DeferredBegin takeDeferredBegin() {
        DeferredBegin begin = deferredBegin;
        if (begin != null) {
            transaction(ClientTransaction.NONE);
        }
        return begin;
    }

    /** What the client listens on. */
    Listening listening() {
        return listening;
    }

    /** Whether the client may be told of notifications: it is outside a transaction, owed nothing, and reads. */
    boolean takesNotifications() {
        boolean waits = place.isTaken() || listening.isWaiting();
        boolean atRest = toldStatus == TransactionStatus.IDLE && transaction == ClientTransaction.NONE;
        return !closed && !waits && atRest && lease.isAtRest() && !relay.isUnitOpen() && channel.isWritable();
    }

    /** The status of the last ReadyForQuery that the client got. */
    byte toldStatus() {
        return toldStatus;
    }

    /** A ReadyForQuery of PostgreSQL's has been forwarded. */
    void told(byte status) {
        toldStatus = status;
        listening.readyForQuery(status);
        unflushed = true;
        limits.readyForQuery(status);
        idle.active();
    }

    /** A ReadyForQuery of our own ends a reply that no backend gave. */
    void ready() {
        toldStatus = transaction.status();
        BackendWriter.readyForQuery(toClient.append(), toldStatus);
        unflushed = true;
        limits.readyForQuery(toldStatus);
        idle.active();
    }

    /** Answers a Query in place of {@code backend}, which owes nothing. */
    void completed(BackendConnection backend, String tag) {
        BackendWriter.commandComplete(toClient.append(), tag);
        BackendWriter.readyForQuery(toClient.append(), backend.status());
        told(backend.status());
        lease.answered(backend);
    }

    /** Answers a message of this type with {@code error}. */
    void refuse(ErrorFields error, byte type) {
        relay.fail(error, type);
    }

    /** Sends an error of pgweir's own. */
    void send(ErrorFields error) {
        metrics().errorsOfProxy.increment(error.code());
        BackendWriter.error(toClient.append(), error);
        unflushed = true;
    }

    /** Replies have been put into {@link #toClient}. */
    void replied() {
        unflushed = true;
    }

    void autoRead(boolean on) {
        if (channel.config().isAutoRead() != on) {
            channel.config().setAutoRead(on);
        }
    }

    void flush() {
        listening.write();
        if (unflushed) {
            unflushed = false;
            toClient.end();
            channel.flush();
        }
    }
}
