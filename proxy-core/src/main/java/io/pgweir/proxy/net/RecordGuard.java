package io.pgweir.proxy.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.IntConsumer;

/**
 * Tells how much a peer may have sent of a TLS record that is not whole yet, which Netty keeps where nobody sees it: the bytes since
 * the last record, and the read that this was in. In front of the SslHandler, for as long as the peer is a stranger. On the channel's loop.
 */
public final class RecordGuard extends ChannelInboundHandlerAdapter {
    private final IntConsumer kept;
    private int bytes;
    private boolean decoded;

    /** @param kept is told after each read */
    public RecordGuard(IntConsumer kept) {
        this.kept = kept;
    }

    /** @param read before this was here: some of it may be of a record */
    public void begin(int read) {
        bytes = read;
        kept.accept(read);
    }

    /** Something has come out of the SslHandler. */
    public void decoded() {
        decoded = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        int read = ((ByteBuf) message).readableBytes();
        decoded = false;
        ctx.fireChannelRead(message);
        bytes = decoded ? read : bytes + read;
        kept.accept(bytes);
    }
}
