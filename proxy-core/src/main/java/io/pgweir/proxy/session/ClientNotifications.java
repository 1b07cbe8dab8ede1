package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.ChannelAction;
import io.pgweir.protocol.sql.ChannelAction.Kind;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.notify.JoinResult;
import io.pgweir.proxy.notify.Notification;
import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.notify.Outbox;
import io.pgweir.proxy.notify.Subscriber;
import io.pgweir.proxy.notify.SubscriptionLog;
import io.pgweir.proxy.pool.CheckoutFailure;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a client that shares backends listens on, and the notifications that wait for it.
 *
 * <p>Its LISTEN runs on whatever backend it has, which gives PostgreSQL's own answer; but before it is sent, the pool's
 * listening backend listens on the channel, so that nothing is missed from then on. From the commit on, what comes there goes
 * to the client. Its own backend stops listening before it is given back. Where that cannot be done the client keeps its
 * backend and listens there ({@link #listenNatively}); a channel it is in both ways is told of once, by the listening one.
 *
 * <p>Notifications are written while the client is outside a transaction and nothing is owed to it, as PostgreSQL does. On
 * the session's loop; exists only for clients that listen.
 */
final class ClientNotifications extends Deadlines.Deadline implements Subscriber {
    /** With a backend held, nobody waits for a second one longer than this: others may hold what they wait for. */
    private static final long LONGEST_WAIT_ATTACHED_NANOS = 1_000_000_000;

    private static final int WRITE_AT_ONCE = 32 << 10;

    private final ClientSession session;
    private final @Nullable NotificationHub hub;
    private final LoopContext loop;
    private final PoolMetrics metrics;
    private final SubscriptionLog log = new SubscriptionLog();
    private final Outbox outbox;
    private final Outbox early;
    private final Set<String> joined = new HashSet<>();
    private @Nullable Joining joining;
    private boolean listensNatively;
    private boolean backendListens;

    ClientNotifications(ClientSession session, @Nullable NotificationHub hub, LoopContext loop) {
        this.session = session;
        this.hub = hub;
        this.loop = loop;
        this.metrics = session.pool().metrics(loop);
        this.outbox = new Outbox(session.pool().settings().listen().bufferBytes());
        this.early = new Outbox(session.pool().settings().listen().bufferBytes());
    }

    // ---- what the client sends

    /** Whether the channels of these actions are not listened on yet; then they will be, and the session be resumed. */
    boolean mustWait(List<ChannelAction> actions) {
        NotificationHub shared = hub;
        if (listensNatively
                || shared == null
                || !session.listening().parameters().usesUtf8()) {
            return false;
        }
        Set<String> missing = new HashSet<>();
        for (ChannelAction action : actions) {
            if (action.kind() == Kind.LISTEN && !action.name().isEmpty() && !joined.contains(action.name())) {
                missing.add(action.name());
            }
        }
        if (missing.isEmpty()) {
            return false;
        }
        Joining next = new Joining(missing);
        joining = next;
        loop.deadlines().arm(this, longestWait());
        shared.join(this, missing, next);
        return true;
    }

    private long longestWait() {
        return session.backend() != null
                ? LONGEST_WAIT_ATTACHED_NANOS
                : session.pool().settings().poolTimeout().toNanos()
                        + session.pool().settings().connectTimeout().toNanos();
    }

    /** Takes note of a message with these actions that is about to be sent; false if it must wait. */
    boolean passes(List<ChannelAction> actions) {
        if (mustWait(actions)) {
            return false;
        }
        BackendConnection backend = session.backend();
        if (backend != null) {
            if (!joined.containsAll(listened(actions))) {
                listenNatively();
            }
            log.expect(
                    listensNatively ? withoutListen(actions) : actions,
                    backend.ledger().unansweredUnits());
            if (actions.stream().anyMatch(action -> action.kind() == Kind.COMMIT)) {
                // What was committed before is not the business of a LISTEN that is committed now.
                outbox.retain(log.committed()::contains);
            }
        }
        return true;
    }

    private static List<String> listened(List<ChannelAction> actions) {
        return actions.stream()
                .filter(action -> action.kind() == Kind.LISTEN)
                .map(ChannelAction::name)
                .toList();
    }

    private static List<ChannelAction> withoutListen(List<ChannelAction> actions) {
        return actions.stream().filter(action -> action.kind() != Kind.LISTEN).toList();
    }

    /** The client keeps the backend that it has or is about to get, and what that is notified of. */
    void listenNatively() {
        listensNatively = true;
        session.lease().state().listens();
    }

    /** Takes what the client's backend is notified of while it is not known whether the client listens there. */
    void keepEarly(ByteBuf in, int at, int length) {
        if (!early.offer(Notification.of(in, at, length))) {
            metrics.notificationsDropped.increment();
        }
    }

    /**
     * What the client's backend listens on has been asked.
     *
     * @param unknown on a channel that no statement has named: the client keeps it
     * @param shared on one that the listening backend tells of
     */
    void found(boolean unknown, boolean shared) {
        backendListens |= shared;
        if (!unknown) {
            early.clear();
            return;
        }
        listensNatively = true;
        while (!early.isEmpty()) {
            Outbox.Item item = Objects.requireNonNull(early.poll());
            Notification notification = item.notification();
            if (notification == null) {
                writeGap(item.gap());
            } else if (!isShared(notification.channel())) {
                session.toClient().append().writeBytes(notification.message());
                session.replied();
            }
        }
    }

    /** The channels that are the listening backend's to tell of, or may come to be. */
    Set<String> sharedChannels() {
        return joined;
    }

    /** Whether the listening backend tells of the channel of this NotificationResponse. */
    boolean isShared(ByteBuf in, int at, int length) {
        return !joined.isEmpty() && isShared(Notification.channel(in, at, length));
    }

    private boolean isShared(String channel) {
        return joined.contains(channel) && log.committed().contains(channel);
    }

    /** Whether the end of the transaction matters. */
    boolean isActive() {
        return log.isActive();
    }

    /** Whether a message waits for the listening backend. */
    boolean isWaiting() {
        return joining != null;
    }

    // ---- waiting

    private final class Joining implements JoinResult {
        private final Set<String> channels;

        Joining(Set<String> channels) {
            this.channels = channels;
        }

        @Override
        public void joined() {
            if (joining == this) {
                joined.addAll(channels);
                over();
                session.resumeIfPaused();
            }
        }

        @Override
        public void unavailable(CheckoutFailure failure) {
            if (joining == this) {
                failed(CheckoutErrors.of(failure, session.pool()));
            }
        }

        @Override
        public void refused(ErrorFields error) {
            if (joining == this) {
                failed(error);
            }
        }
    }

    private void over() {
        joining = null;
        disarm();
    }

    private void failed(ErrorFields error) {
        over();
        if (session.backend() == null) {
            session.refused(error);
        } else {
            listenNatively();
            session.resumeIfPaused();
        }
    }

    @Override
    protected void expired() {
        if (stopWaiting()) {
            failed(ClientError.LISTEN_TIMEOUT.with(
                    CheckoutErrors.seconds(longestWait()), session.pool().key()));
        }
    }

    /** The message that waits is not to be sent; false if none does. */
    boolean stopWaiting() {
        Joining given = joining;
        if (given == null) {
            return false;
        }
        over();
        if (hub != null) {
            hub.leave(this, given.channels);
        }
        return true;
    }

    // ---- what PostgreSQL answers

    /** A command has completed. */
    void commandCompleted(String tag) {
        backendListens |= tag.equals(Kind.LISTEN.tag());
        if (!log.completed(tag) && !listensNatively && tag.equals(Kind.LISTEN.tag())) {
            listenNatively();
        }
    }

    /** An error has come for the client's statement. */
    void failed() {
        log.failed();
    }

    void readyForQuery(byte status) {
        log.unitEnded(status == TransactionStatus.IDLE);
        if (status == TransactionStatus.IDLE) {
            leaveUnwanted();
        }
    }

    /** Whether the client's backend listens, and must stop before others get it. */
    boolean mustUnlisten() {
        return backendListens && !listensNatively;
    }

    /** It does not any more, or nobody else gets the backend. */
    void unlistened() {
        backendListens = false;
    }

    /** The client has no backend any more, or its transaction was rolled back behind its back. */
    void transactionOver() {
        log.abandon();
        early.clear();
        backendListens &= session.backend() != null;
        leaveUnwanted();
    }

    /** DISCARD ALL. */
    void discarded() {
        log.clear();
        listensNatively = false;
        backendListens = false;
        outbox.clear();
        early.clear();
        leaveUnwanted();
    }

    /** The client is gone. */
    void closed() {
        stopWaiting();
        discarded();
    }

    private void leaveUnwanted() {
        if (hub != null && !joined.isEmpty()) {
            Set<String> unwanted = new HashSet<>(joined);
            unwanted.removeAll(log.wanted());
            if (!unwanted.isEmpty()) {
                joined.removeAll(unwanted);
                hub.leave(this, unwanted);
            }
        }
    }

    // ---- notifications

    @Override
    public LoopContext loop() {
        return loop;
    }

    @Override
    public void notified(Notification notification) {
        if (joined.contains(notification.channel()) && !outbox.offer(notification)) {
            metrics.notificationsDropped.increment();
        }
    }

    @Override
    public void missed() {
        if (!log.committed().isEmpty()) {
            outbox.missed();
        }
    }

    @Override
    public void deliver() {
        session.flush();
    }

    /** Writes what waits, if the client may be told now. */
    void write() {
        int written = 0;
        while (!outbox.isEmpty() && session.takesNotifications()) {
            Outbox.Item item = Objects.requireNonNull(outbox.poll());
            Notification notification = item.notification();
            if (notification == null) {
                writeGap(item.gap());
            } else if (log.committed().contains(notification.channel())) {
                session.toClient().append().writeBytes(notification.message());
                session.replied();
                metrics.notificationsDelivered.increment();
                written += notification.message().length;
            }
            if (written > WRITE_AT_ONCE) {
                session.toClient().end(); // counts for the socket's bound
                written = 0;
            }
        }
    }

    private void writeGap(Outbox.@Nullable Gap gap) {
        if (gap == Outbox.Gap.OVERFLOW) {
            metrics.gapsOfClient.increment();
        } else {
            metrics.gapsOfBackend.increment();
        }
        String why = gap == Outbox.Gap.OVERFLOW
                ? "more than listen_buffer waited for this client"
                : "the backend that listened for it was lost and has been replaced";
        BackendWriter.notice(session.toClient().append(), ClientError.NOTIFICATIONS_LOST.with(why));
        session.replied();
    }
}
