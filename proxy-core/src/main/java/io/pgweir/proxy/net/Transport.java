package io.pgweir.proxy.net;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.pgweir.proxy.settings.TransportChoice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways Netty can talk to the kernel. */
public enum Transport {
    EPOLL {
        @Override
        public IoHandlerFactory handler() {
            return EpollIoHandler.newFactory();
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return EpollServerSocketChannel.class;
        }

        @Override
        public Class<? extends SocketChannel> clientChannel() {
            return EpollSocketChannel.class;
        }
    },
    IO_URING {
        @Override
        public IoHandlerFactory handler() {
            return IoUringIoHandler.newFactory();
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return IoUringServerSocketChannel.class;
        }

        @Override
        public Class<? extends SocketChannel> clientChannel() {
            return IoUringSocketChannel.class;
        }
    },
    NIO {
        @Override
        public IoHandlerFactory handler() {
            return NioIoHandler.newFactory();
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return NioServerSocketChannel.class;
        }

        @Override
        public Class<? extends SocketChannel> clientChannel() {
            return NioSocketChannel.class;
        }
    };

    private static final String MULTISHOT_POLLS = "io.netty.iouring.pollAddMultishotEnabled";

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    /** Creates the I/O half of an event loop. */
    public abstract IoHandlerFactory handler();

    /** The listening channel's class. */
    public abstract Class<? extends ServerChannel> serverChannel();

    /** The connecting channel's class. */
    public abstract Class<? extends SocketChannel> clientChannel();

    /** The transport asked for if this machine has it, else the next best; says why in the log. */
    public static Transport choose(TransportChoice choice) {
        if (choice == TransportChoice.NIO) {
            return NIO;
        }
        if (choice == TransportChoice.IO_URING) {
            avoidMultishotPolls();
            if (IoUring.isAvailable()) {
                return IO_URING;
            }
            LOG.warn("io_uring is not available here, using epoll: {}", rootMessage(IoUring.unavailabilityCause()));
        }
        if (Epoll.isAvailable()) {
            return EPOLL;
        }
        LOG.warn("epoll is not available here, using nio: {}", rootMessage(Epoll.unavailabilityCause()));
        return NIO;
    }

    /**
     * With polls that stay armed, Netty 4.2.18 loses the end of a connection that is reset right behind its last data, and it
     * stays open for ever. Counts if no class of io_uring's is loaded yet; a property that is set already wins.
     */
    private static void avoidMultishotPolls() {
        if (System.getProperty(MULTISHOT_POLLS) == null) {
            System.setProperty(MULTISHOT_POLLS, "false");
        }
    }

    private static String rootMessage(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
