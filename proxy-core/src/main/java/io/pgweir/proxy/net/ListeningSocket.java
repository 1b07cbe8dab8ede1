package io.pgweir.proxy.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A bound address at which connections are accepted. Blocks, so never on an event loop; one thread at a time. */
public final class ListeningSocket {
    private final Channel channel;
    private final @Nullable SharedAddress shared;

    private ListeningSocket(Channel channel, @Nullable SharedAddress shared) {
        this.channel = channel;
        this.shared = shared;
    }

    /** Listens at {@code address}, alone. */
    public static ListeningSocket bind(ServerBootstrap bootstrap, InetSocketAddress address) throws Exception {
        return new ListeningSocket(bootstrap.bind(address).sync().channel(), null);
    }

    /**
     * Listens at {@code address} where other processes of the same user may listen in the same way, and takes all new
     * connections from them. Not with {@link Transport#NIO}.
     */
    public static ListeningSocket bindShared(ServerBootstrap bootstrap, InetSocketAddress address) throws Exception {
        Channel channel = bootstrap
                .option(UnixChannelOption.SO_REUSEPORT, true)
                .bind(address)
                .sync()
                .channel();
        SharedAddress shared = new SharedAddress(((UnixChannel) channel).fd().intValue());
        shared.takeOver();
        return new ListeningSocket(channel, shared);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /**
     * Leaves new connections to the other processes that listen here. Those that wait, and handshakes that have begun, are
     * accepted still. Returns false, and changes nothing, if there are no others.
     */
    public boolean leave() throws IOException {
        return shared != null && shared.leave();
    }

    /** Whether connections wait to be accepted; false also if that cannot be told. */
    public boolean isAwaited() {
        try {
            return shared != null && shared.queued() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Whoever waits to be accepted is reset. */
    public void close() throws InterruptedException {
        channel.close().sync();
    }
}
