package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.ChannelAction;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.settings.PoolMode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a client listens: {@link ClientNotifications} from its first LISTEN on, and nothing for all others. */
final class Listening {
    private final ClientSession session;
    private final @Nullable NotificationHub hub;
    private final LoopContext loop;
    private final ParameterView parameters;
    private @Nullable ClientNotifications own;

    /** @param hub null: a client that listens keeps its backend */
    Listening(ClientSession session, @Nullable NotificationHub hub, LoopContext loop, ParameterView parameters) {
        this.session = session;
        this.hub = hub;
        this.loop = loop;
        this.parameters = parameters;
    }

    ParameterView parameters() {
        return parameters;
    }

    /** Whether the client has ever listened. */
    boolean hasBegun() {
        return own != null;
    }

    /** The client listens, or is about to. */
    ClientNotifications begun() {
        ClientNotifications notifications = own;
        if (notifications == null) {
            own = notifications = new ClientNotifications(session, hub, loop);
        }
        return notifications;
    }

    /** A command has completed; its tag lies in {@code in}. */
    void commandCompleted(ByteBuf in, int at, int length) {
        if (own == null && (in.getByte(at) != 'L' || session.mode() == PoolMode.SESSION)) {
            return;
        }
        String tag = CommandTags.listening(in, at, length);
        if (tag != null && (own != null || tag.equals(ChannelAction.Kind.LISTEN.tag()))) {
            begun().commandCompleted(tag);
        }
    }

    boolean isActive() {
        return own != null && own.isActive();
    }

    /**
     * PostgreSQL has been asked what the client's backend listens on.
     *
     * @param unknown on other channels than {@link #sharedChannels}: the client keeps it then
     * @param shared on some of these
     */
    void found(boolean unknown, boolean shared) {
        if (unknown || own != null) {
            begun().found(unknown, shared);
        }
    }

    /** The channels that the client is notified of by the backend that listens for all. */
    Set<String> sharedChannels() {
        // Asked of PostgreSQL in the client's encoding; what is not named is found, and the client keeps its backend.
        return own == null || !parameters.usesUtf8() ? Set.of() : own.sharedChannels();
    }

    /** Whether the channel of a NotificationResponse is one of these: then the client's own backend need not tell it. */
    boolean isSharedChannel(ByteBuf in, int at, int length) {
        return own != null && own.isShared(in, at, length);
    }

    boolean isWaiting() {
        return own != null && own.isWaiting();
    }

    boolean stopWaiting() {
        return own != null && own.stopWaiting();
    }

    boolean mustUnlisten() {
        return own != null && own.mustUnlisten();
    }

    /** Before others get the client's backend it must not listen any more: true if that has to be waited for. */
    boolean ends(BackendConnection backend) {
        if (own == null || !own.mustUnlisten()) {
            return false;
        }
        ClientNotifications notifications = own;
        backend.sendInternalQuery("UNLISTEN *", new Preparation(backend, error -> {
            if (session.backend() == backend) {
                notifications.unlistened();
            }
        }));
        backend.flush();
        return true;
    }

    void failed() {
        if (own != null) {
            own.failed();
        }
    }

    void readyForQuery(byte status) {
        if (own != null) {
            own.readyForQuery(status);
        }
    }

    void transactionOver() {
        if (own != null) {
            own.transactionOver();
        }
    }

    void discarded() {
        if (own != null) {
            own.discarded();
        }
    }

    void closed() {
        if (own != null) {
            own.closed();
        }
    }

    /** Writes what waits, if the client may be told now. */
    void write() {
        if (own != null) {
            own.write();
        }
    }
}
