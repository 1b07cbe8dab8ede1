package io.pgweir.proxy.backend;

import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.net.Outbound;

/**
 * Whoever a backend works for: a client session, or the clean-up after one. All methods are called on {@link #eventLoop}.
 */
public interface Attachment {
    /** The loop that owns the backend while it is attached. */
    EventLoop eventLoop();

    /** Where replies for the client go. */
    Outbound toClient();

    /** A ReadyForQuery that is the client's own has been forwarded. */
    void readyForQuery(byte status);

    /** PostgreSQL reports a parameter; the backend's own record is up to date already. */
    void parameterStatus(String name, String value);

    /** A command ended; the tag lies in {@code in}. Only for replies that are the client's own. */
    void commandComplete(io.netty.buffer.ByteBuf in, int at, int length);

    /**
     * An execution of the client's own has ended without a tag: an empty one, or one that has reached its most rows.
     *
     * @param rows that have come of it
     */
    default void executionEnds(long rows) {}

    /** An error for the client's own statement has come. */
    ErrorAction errorForClient(ErrorFields error);

    /** After {@link ErrorAction#REPLAY}: the backend is settled and idle; send the unit again. */
    void replay();

    /** Whether NotificationResponse goes to the client. */
    boolean wantsNotifications();

    /** Whether the NotificationResponse in {@code in}, which may be cut behind the channel's name, goes to the client. */
    default boolean wantsNotification(io.netty.buffer.ByteBuf in, int at, int length) {
        return wantsNotifications();
    }

    /** A complete NotificationResponse that {@link #wantsNotification} keeps from the client lies in {@code in}. */
    default void notification(io.netty.buffer.ByteBuf in, int at, int length) {}

    /** The pool does not want the backend any more: whoever would keep it without end lets it go. */
    default void mustGo(String why) {}

    /** A read of the backend has been worked off; nothing of it is held back. The place to release. */
    void afterRead();

    /** No more to read for now: flush. */
    void readComplete();

    /** A cancel request sent for this backend has arrived, or will not any more. */
    void cancelArrived();

    /** The backend takes bytes again, or no longer. */
    void backendWritabilityChanged();

    /** Who works with {@code backend}, for people who ask why others wait. */
    Holder holder(BackendConnection backend, StatementBook book);

    /** The state in {@link #holder}; called by any thread, and may be of a moment ago. */
    HoldState holdState(BackendConnection backend);

    /** The connection is gone; the backend is detached already. */
    void backendLost(BackendFailure failure);
}
