package io.pgweir.proxy.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.timeout.IdleStateHandler;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The HTTP connections, a bounded number of them: when there are too many, the oldest has to go, so that those who hold
 * connections open cannot keep a health check out. One thread.
 */
final class HttpConnections extends ChannelInitializer<SocketChannel> {
    private static final int MOST = 100;
    private static final int LONGEST_LINE = 4096;
    private static final int LONGEST_HEADERS = 16 << 10;
    private static final int LONGEST_BODY = 1024;
    private static final int IDLE_SECONDS = 90;

    private final Routes routes;
    private final Access access;
    private final Set<Channel> open = new LinkedHashSet<>();

    HttpConnections(Routes routes, Access access) {
        this.routes = routes;
        this.access = access;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
        open.add(channel);
        channel.closeFuture().addListener(closed -> open.remove(channel));
        if (open.size() > MOST) {
            open.iterator().next().close();
        }
        channel.pipeline()
                .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS))
                .addLast(new HttpServerCodec(new HttpDecoderConfig()
                        .setMaxInitialLineLength(LONGEST_LINE)
                        .setMaxHeaderSize(LONGEST_HEADERS)))
                .addLast(new HttpServerKeepAliveHandler())
                .addLast(new HttpObjectAggregator(LONGEST_BODY, true))
                .addLast(new RequestHandler(routes, access));
    }
}
