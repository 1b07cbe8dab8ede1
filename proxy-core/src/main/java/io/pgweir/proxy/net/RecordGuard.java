package io.pgweir.proxy.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.function.IntConsumer;

/**
 * Tells how much a peer may have sent of a TLS record that is not whole yet, which Netty keeps where nobody sees it: the bytes since
 * something was decrypted, and the read that this was in. In front of the SslHandler, for as long as the peer is a stranger. On the
 * channel's loop.
 */
public final class RecordGuard extends ChannelInboundHandlerAdapter {
    private final IntConsumer kept;
    private int bytes;
    private int lastRead;
    private boolean reading;
    private boolean decoded;
    private boolean over;

    /** @param kept is told after each read */
    public RecordGuard(IntConsumer kept) {
        this.kept = kept;
    }

    /** @param guard of the handshake: some of what it has let through may be of a record */
    public void begin(HandshakeGuard guard) {
        bytes = guard.bytes();
        lastRead = guard.lastRead();
        kept.accept(bytes);
    }

    /** Something has come out of the SslHandler. */
    public void decoded() {
        decoded = true;
        if (!reading) {
            bytes = Math.min(bytes, lastRead);
            kept.accept(bytes);
        }
    }

    /** Nobody wants to know what the peer sends from now on. */
    public void end() {
        over = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (over) {
            ReferenceCountUtil.release(message);
            return;
        }
        lastRead = ((ByteBuf) message).readableBytes();
        decoded = false;
        reading = true;
        ctx.fireChannelRead(message);
        reading = false;
        bytes = decoded ? lastRead : bytes + lastRead;
        kept.accept(bytes);
    }
}
