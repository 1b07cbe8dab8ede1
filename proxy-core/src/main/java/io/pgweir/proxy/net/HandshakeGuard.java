package io.pgweir.proxy.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import javax.net.ssl.SSLException;

/**
 * Bounds what a peer sends before its TLS handshake is over: while a step of it waits for a thread, Netty would keep all that
 * comes. In front of the SslHandler, and gone after the handshake. On the channel's loop.
 */
public final class HandshakeGuard extends ChannelInboundHandlerAdapter {
    private final SslHandler tls;
    private final int most;
    private int bytes;

    private HandshakeGuard(SslHandler tls, int most) {
        this.tls = tls;
        this.most = most;
    }

    /**
     * Begins a handshake: {@code tls} goes first into the pipeline.
     *
     * @param most bytes that the peer may send in it; more is reported as a failure of TLS and ends the connection
     */
    public static void begin(ChannelPipeline pipeline, SslHandler tls, int most) {
        HandshakeGuard guard = new HandshakeGuard(tls, most);
        pipeline.addFirst(tls);
        pipeline.addFirst(guard);
        tls.handshakeFuture().addListener(done -> {
            if (done.isSuccess() && pipeline.context(guard) != null) {
                pipeline.remove(guard);
            }
        });
    }

    /** Closes, and at once if a handshake is under way: its goodbye would have to wait for a step that runs elsewhere. */
    public static void close(Channel channel) {
        ChannelHandlerContext context = channel.pipeline().context(HandshakeGuard.class);
        if (context == null) {
            channel.close();
        } else if (((HandshakeGuard) context.handler()).tls.handshakeFuture().isDone()) {
            channel.close(); // what went wrong is being told to the peer
        } else {
            context.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (bytes > most) {
            ReferenceCountUtil.release(message);
            return;
        }
        bytes += ((ByteBuf) message).readableBytes();
        if (bytes <= most) {
            ctx.fireChannelRead(message);
            return;
        }
        ReferenceCountUtil.release(message);
        ctx.channel().config().setAutoRead(false);
        ctx.fireUserEventTriggered(new SslHandshakeCompletionEvent(
                new SSLException("more than " + most + " bytes came before the end of the handshake")));
        ctx.close();
    }
}
