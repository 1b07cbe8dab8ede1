package io.pgweir.proxy.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.function.IntPredicate;
import javax.net.ssl.SSLException;

/**
 * Bounds what a peer sends before its TLS handshake is over: while a step of it waits for a thread, Netty would keep all that
 * comes. In front of the SslHandler, and gone after the handshake. On the channel's loop.
 */
public final class HandshakeGuard extends ChannelInboundHandlerAdapter {
    private final SslHandler tls;
    private final int most;
    private final IntPredicate room;
    private int bytes;
    private int lastRead;

    private HandshakeGuard(SslHandler tls, int most, IntPredicate room) {
        this.tls = tls;
        this.most = most;
        this.room = room;
    }

    /**
     * Begins a handshake: {@code tls} goes first into the pipeline.
     *
     * @param most bytes that the peer may send in it; more is reported as a failure of TLS and ends the connection
     * @param room whether there is memory for as many bytes as have come, asked each time; else it ends, too
     */
    public static HandshakeGuard begin(ChannelPipeline pipeline, SslHandler tls, int most, IntPredicate room) {
        HandshakeGuard guard = new HandshakeGuard(tls, most, room);
        pipeline.addFirst(tls);
        pipeline.addFirst(guard);
        tls.handshakeFuture().addListener(done -> {
            if (done.isSuccess() && pipeline.context(guard) != null) {
                pipeline.remove(guard);
            }
        });
        return guard;
    }

    /** Bytes that the peer has sent in its handshake, and behind it what was read with its end. */
    int bytes() {
        return bytes;
    }

    /** How many of them came last. */
    int lastRead() {
        return lastRead;
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
        lastRead = ((ByteBuf) message).readableBytes();
        bytes += lastRead;
        if (bytes > most) {
            end(ctx, message, "more than " + most + " bytes came before the end of the handshake");
        } else if (!room.test(bytes)) {
            bytes = most + 1;
            end(ctx, message, "there is no memory for all of what comes before the end of handshakes");
        } else {
            ctx.fireChannelRead(message);
        }
    }

    private static void end(ChannelHandlerContext ctx, Object message, String why) {
        ReferenceCountUtil.release(message);
        ctx.channel().config().setAutoRead(false);
        ctx.fireUserEventTriggered(new SslHandshakeCompletionEvent(new SSLException(why)));
        ctx.close();
    }
}
