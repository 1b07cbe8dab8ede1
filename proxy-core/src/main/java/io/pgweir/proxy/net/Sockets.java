package io.pgweir.proxy.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;

/** How sockets are set, to clients and to servers: also those of whatever is measured beside pgweir. */
public final class Sockets {
    private static final int BACKLOG = 4096;
    private static final WriteBufferWaterMark WRITE_MARKS = new WriteBufferWaterMark(64 << 10, 256 << 10);
    private static final int MOST_READS = 4;

    /** Bytes that nobody acknowledges for so long end a connection; so does silence for about 45 s, even while it idles. */
    private static final int USER_TIMEOUT_MILLIS = 10_000;

    private static final int KEEPALIVE_IDLE_SECONDS = 30;
    private static final int KEEPALIVE_INTERVAL_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 3;

    private Sockets() {}

    /** For a listener and the clients that it accepts; the handler is left to set. */
    public static ServerBootstrap toClients(Transport transport, EventLoopGroup loops) {
        return new ServerBootstrap()
                .group(loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_MARKS)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(512, 2048, 16384).maxMessagesPerRead(MOST_READS));
    }

    /** For connections to a server; the handler is left to set. */
    public static Bootstrap toServer(Transport transport, EventLoopGroup loops) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loops)
                .channel(transport.clientChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_MARKS)
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(2048, 16384, 131072).maxMessagesPerRead(MOST_READS));
        if (transport == Transport.EPOLL) {
            bootstrap
                    .option(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS)
                    .option(EpollChannelOption.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPCNT, KEEPALIVE_COUNT);
        } else if (transport == Transport.IO_URING) {
            bootstrap
                    .option(IoUringChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS)
                    .option(IoUringChannelOption.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
                    .option(IoUringChannelOption.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
                    .option(IoUringChannelOption.TCP_KEEPCNT, KEEPALIVE_COUNT);
        }
        return bootstrap;
    }
}
