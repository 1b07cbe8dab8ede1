package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.pgweir.protocol.wire.FrontendWriter;
import java.util.concurrent.TimeUnit;

/**
 * One CancelRequest on a connection of its own ("Canceling Requests in Progress"). It has arrived when the server closes
 * that connection: by then the signal has been sent.
 */
final class CancelRequest extends ChannelInboundHandlerAdapter implements ChannelFutureListener {
    static final int TIMEOUT_SECONDS = 5;

    private final BackendConnection backend;
    private final EventLoop owner;
    private boolean certain = true;

    CancelRequest(BackendConnection backend) {
        this.backend = backend;
        this.owner = backend.owner();
        backend.cancelSent();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().buffer(32);
        FrontendWriter.cancelRequest(out, backend.pid(), backend.secret());
        ctx.writeAndFlush(out, ctx.voidPromise());
        ctx.executor().schedule(() -> giveUp(ctx), TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private void giveUp(ChannelHandlerContext ctx) {
        certain &= !ctx.channel().isActive();
        ctx.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        finish();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        giveUp(ctx);
    }

    /** The connect itself. */
    @Override
    public void operationComplete(ChannelFuture connect) {
        if (!connect.isSuccess()) {
            finish();
        }
    }

    /** The owner at the time of the request still owns the backend: nobody releases it while a cancel is in flight. */
    private void finish() {
        boolean known = certain;
        owner.execute(() -> backend.cancelArrived(known));
    }
}
