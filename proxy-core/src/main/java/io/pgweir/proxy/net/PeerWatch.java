package io.pgweir.proxy.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.channel.uring.IoUringTcpInfo;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether the other end of a connection has closed it or has sent something, without asking it: the kernel may know
 * before the event loop has come to read it. One system call. One for each loop.
 */
public final class PeerWatch {
    /** TCP_ESTABLISHED of Linux: neither end has closed. */
    private static final int ESTABLISHED = 1;

    /** The kernel counts in ticks, mostly of 4 ms, of 10 ms where CONFIG_HZ is 100. */
    private static final long TICK_MILLIS = 11;

    private final EpollTcpInfo epollInfo = new EpollTcpInfo();
    private final IoUringTcpInfo uringInfo = new IoUringTcpInfo();

    /**
     * True if it has closed, or seems to have sent something within the last {@code nanos}; false also where the transport
     * cannot tell. With TLS it may be nothing but TLS's own (new keys, a ticket), of which no handler hears: who asks lets the
     * loop read, and looks again.
     */
    public boolean hasNews(Channel channel, long nanos) {
        try {
            if (channel instanceof EpollSocketChannel socket) {
                socket.tcpInfo(epollInfo);
                return isNews(epollInfo.state(), epollInfo.lastDataRecv(), nanos);
            }
            if (channel instanceof IoUringSocketChannel socket) {
                socket.tcpInfo(uringInfo);
                return isNews(uringInfo.state(), uringInfo.lastDataRecv(), nanos);
            }
            return false;
        } catch (ChannelException closed) {
            return true;
        }
    }

    private static boolean isNews(int state, long silentMillis, long nanos) {
        return state != ESTABLISHED || silentMillis + TICK_MILLIS < TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
