package io.pgweir.proxy.session;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
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
        closeIn(channel, LONGEST_MILLIS);
        HalfClose.afterFlush(channel, () -> closeIn(channel, LINGER_MILLIS));
    }

    /** Of a channel that closes before, nothing is kept: a flood of them must not fill the memory with timers. */
    private static void closeIn(Channel channel, int millis) {
        Future<?> timer = channel.eventLoop().schedule(() -> channel.close(), millis, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> timer.cancel(false));
    }
}
