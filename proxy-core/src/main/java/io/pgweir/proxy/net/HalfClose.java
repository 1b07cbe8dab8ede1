package io.pgweir.proxy.net;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/** Ends our half of a connection, and leaves the other open: what the peer has sent is still read. */
public final class HalfClose {
    private HalfClose() {}

    /**
     * Sends off what is written, and behind it the end of the stream; with TLS its close_notify goes before that.
     *
     * @param then runs on the channel's loop when that is sent; if it cannot be, the channel is closed instead
     */
    public static void afterFlush(Channel channel, Runnable then) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (!written.isSuccess()) {
                channel.close();
            } else if (tls == null) {
                end(channel, then);
            } else {
                tls.closeOutbound().addListener(said -> end(channel, then));
            }
        });
    }

    private static void end(Channel channel, Runnable then) {
        if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
            then.run();
        } else {
            channel.close();
        }
    }
}
