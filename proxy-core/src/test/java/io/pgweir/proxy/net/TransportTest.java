package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.pgweir.proxy.settings.TransportChoice;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class TransportTest {
    private static final int CONNECTIONS = 20;

    @Test
    void whatIsAskedForIsTakenWhereThisMachineHasIt() {
        assertThat(Transport.choose(TransportChoice.NIO)).isEqualTo(Transport.NIO);
        assertThat(Transport.choose(TransportChoice.AUTO)).isEqualTo(Transport.choose(TransportChoice.EPOLL));
    }

    /** The proxy owes it to its bound on clients, and to their backends, that no end of a connection goes unnoticed. */
    @ParameterizedTest
    @EnumSource(
            value = TransportChoice.class,
            names = {"EPOLL", "IO_URING", "NIO"})
    void aResetRightBehindTheLastDataEndsTheConnection(TransportChoice choice) throws Exception {
        Transport transport = Transport.choose(choice);
        assumeTrue(transport.name().equals(choice.name()), "this machine has no " + choice);
        BlockingQueue<Integer> ends = new ArrayBlockingQueue<>(CONNECTIONS);
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, transport.handler());
        try {
            Channel listener = Sockets.toClients(transport, loops)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new CountingHandler(ends));
                        }
                    })
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            for (int i = 0; i < CONNECTIONS; i++) {
                try (Socket client = new Socket("127.0.0.1", port)) {
                    client.setSoLinger(true, 0);
                    client.getOutputStream().write(new byte[1 + i * 1000]);
                }
                assertThat(ends.poll(10, TimeUnit.SECONDS))
                        .as("connection %d", i)
                        .isNotNull();
            }
        } finally {
            loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).sync();
        }
    }

    private static final class CountingHandler extends ChannelInboundHandlerAdapter {
        private final BlockingQueue<Integer> ends;
        private int bytes;

        CountingHandler(BlockingQueue<Integer> ends) {
            this.ends = ends;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            bytes += in.readableBytes();
            in.release();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ends.add(bytes);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
