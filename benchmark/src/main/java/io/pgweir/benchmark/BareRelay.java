package io.pgweir.benchmark;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.pgweir.proxy.net.Sockets;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.TransportChoice;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The least that a proxy on Netty costs: bytes from one socket to another, on the transport and with the socket options of
 * pgweir, without a look at them. One backend per client, on the client's event loop.
 *
 * <p>As a program: {@code BareRelay LISTEN_PORT TARGET_PORT auto|epoll|io_uring|nio [LOOPS]}, on 127.0.0.1; runs until it is ended.
 */
public final class BareRelay implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup loops;
    private final Channel listener;

    /** Listens on 127.0.0.1; {@code listenPort} 0 takes any. */
    public BareRelay(int listenPort, int targetPort, Transport transport, int loopCount) {
        loops = new MultiThreadIoEventLoopGroup(loopCount, transport.handler());
        InetSocketAddress target = new InetSocketAddress("127.0.0.1", targetPort);
        listener = Sockets.toClients(transport, loops)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel client) {
                        connect(client, target, transport);
                    }
                })
                .bind("127.0.0.1", listenPort)
                .syncUninterruptibly()
                .channel();
    }

    private static void connect(Channel client, InetSocketAddress target, Transport transport) {
        Leg fromClient = new Leg();
        Leg fromServer = new Leg();
        client.pipeline().addLast(fromClient);
        Sockets.toServer(transport, client.eventLoop())
                .handler(fromServer)
                .connect(target)
                .addListener(connected -> {
                    if (connected.isSuccess()) {
                        client.config().setAutoRead(true);
                    } else {
                        client.close();
                    }
                });
        fromServer.peer = client;
        fromClient.other = fromServer;
    }

    /** One direction. */
    private static final class Leg extends ChannelInboundHandlerAdapter {
        private @Nullable Channel self;
        private @Nullable Channel peer;
        private @Nullable Leg other;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            self = ctx.channel();
        }

        private @Nullable Channel peer() {
            if (peer == null && other != null) {
                peer = other.self;
            }
            return peer;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            Channel to = peer();
            if (to == null) {
                io.netty.util.ReferenceCountUtil.release(message);
                return;
            }
            to.write(message, to.voidPromise());
            if (!to.isWritable()) {
                ctx.channel().config().setAutoRead(false);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            Channel to = peer();
            if (to != null) {
                to.flush();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            Channel to = peer();
            if (to != null && ctx.channel().isWritable()) {
                to.config().setAutoRead(true);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            Channel to = peer();
            if (to != null) {
                to.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** Where it listens. */
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    public static void main(String[] arguments) throws InterruptedException {
        Transport transport = Transport.choose(TransportChoice.valueOf(arguments[2].toUpperCase(Locale.ROOT)));
        int loopCount = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 1;
        try (BareRelay relay =
                new BareRelay(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]), transport, loopCount)) {
            System.out.println("relay on port " + relay.port() + ", " + transport);
            relay.listener.closeFuture().sync();
        }
    }
}
