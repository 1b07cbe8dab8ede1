package io.pgweir.proxy.session;

import io.netty.channel.Channel;
import io.pgweir.proxy.net.HalfClose;
import java.util.concurrent.TimeUnit;

/**
 * Closes a client so that it can still read what was sent last: closing with unread input makes the kernel send a reset,
 * which may discard it.
 */
public final class LastWords {
    private static final int LINGER_MILLIS = 1000;

    /** For whoever does not read them. */
    private static final int LONGEST_MILLIS = 10_000;

    private LastWords() {}

    public static void closeAfterFlush(Channel channel) {
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
        channel.eventLoop().schedule(() -> channel.close(), LONGEST_MILLIS, TimeUnit.MILLISECONDS);
        HalfClose.afterFlush(
                channel,
                () -> channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS));
    }
}
