package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/** Netty's side of a backend after login. */
final class BackendHandler extends ChannelInboundHandlerAdapter {
    private final Inbox inbox;

    BackendHandler(BackendConnection backend) {
        this.inbox = new Inbox(backend);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inbox.read((ByteBuf) message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        inbox.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        inbox.writabilityChanged();
    }

    /** With TLS a server may say that it ends before it closes. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inbox.lost();
    }

    /** A broken connection says so by an exception and then closes; the close is what counts. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
