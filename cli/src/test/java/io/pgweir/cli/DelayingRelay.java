package io.pgweir.cli;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Stands for a long way between clients and pgweir: everything arrives so much later, in each direction, the connect and the end of
 * a connection as well. One thread for all connections.
 */
final class DelayingRelay implements AutoCloseable {
    private static final int MOST_IN_QUEUE = 4_096;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final long delayMillis;
    private final int target;
    private final Channel listener;

    /** @param target port on this machine */
    DelayingRelay(int target, long delayMillis) {
        this.target = target;
        this.delayMillis = delayMillis;
        this.listener = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, MOST_IN_QUEUE)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(initializer(this::accepted))
                .bind("127.0.0.1", 0)
                .syncUninterruptibly()
                .channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private interface Opened {
        void channel(Channel channel);
    }

    private static ChannelHandler initializer(Opened opened) {
        return new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                opened.channel(channel);
            }
        };
    }

    private void accepted(Channel client) {
        loop.next().schedule(() -> connect(client), delayMillis, TimeUnit.MILLISECONDS);
    }

    private void connect(Channel client) {
        new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(new ChannelInboundHandlerAdapter())
                .connect("127.0.0.1", target)
                .addListener((ChannelFutureListener) done -> {
                    if (!done.isSuccess()) {
                        reset(client);
                        return;
                    }
                    Channel server = done.channel();
                    server.pipeline().addLast(new Leg(client));
                    client.pipeline().addLast(new Leg(server));
                    server.config().setAutoRead(true);
                    client.config().setAutoRead(true);
                });
    }

    private static void reset(Channel channel) {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
    }

    private final class Leg extends ChannelInboundHandlerAdapter {
        private final Channel to;

        Leg(Channel to) {
            this.to = to;
        }

        private void later(Runnable action) {
            to.eventLoop().schedule(action, delayMillis, TimeUnit.MILLISECONDS);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            later(() -> to.writeAndFlush(message));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            later(() -> to.writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener(written -> ((SocketChannel) to).shutdownOutput()));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            later(to::close);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
            later(() -> reset(to));
        }
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
