package io.pgweir.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.TlsLibrary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Opens connections to PostgreSQL. Thread-safe; results come on the loop asked for. */
public final class BackendConnector {
    /** Takes the outcome of one attempt. */
    public interface Result {
        void connected(BackendConnection backend);

        /** The attempt failed and its socket, if there was one, is closed. */
        void failed(BackendFailure failure);
    }

    /** Bytes that nobody acknowledges for so long end a connection; so does silence for about 45 s, even while it idles. */
    private static final int USER_TIMEOUT_MILLIS = 10_000;

    private static final int KEEPALIVE_IDLE_SECONDS = 30;
    private static final int KEEPALIVE_INTERVAL_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 3;

    private static final int PROBE_ACCEPT_MILLIS = 1_000;

    /** Cancel requests on their way at one time, of all pools. */
    private static final int CANCELS = 32;

    private final Transport transport;
    private final Executor names;
    private final TlsLibrary library;
    private final Map<ServerTls, BackendTls> tls = new ConcurrentHashMap<>();
    private final CancelLane cancels = new CancelLane(CANCELS);

    /**
     * @param library also says what derives the keys of passwords, which must not run on a loop
     * @param names runs look-ups of host names, which may take long
     */
    public BackendConnector(Transport transport, TlsLibrary library, Executor names) {
        this.transport = transport;
        this.library = library;
        this.names = names;
    }

    /**
     * Connects and logs in within the target's connect timeout.
     *
     * @param host one of the target's
     * @param startup settings of the session to put into the StartupMessage
     */
    public void connect(
            LoopContext home,
            HostPort host,
            BackendTarget target,
            SessionSettings startup,
            BackendListener listener,
            Result result) {
        start(home, host, target, startup, listener, result, 0);
    }

    /**
     * The same to find out whether a server is back. If it does not take the connection within a second, or half of the
     * connect timeout, the attempt is over, so that the next can follow: the kernel repeats its first packet ever more seldom.
     */
    public void probe(LoopContext home, HostPort host, BackendTarget target, BackendListener listener, Result result) {
        // At the end of the whole it could not be told what has taken so long.
        long half = target.connectTimeout().toMillis() / 2;
        int acceptMillis = (int) Math.max(1, Math.min(PROBE_ACCEPT_MILLIS, half));
        start(home, host, target, SessionSettings.NONE, listener, result, acceptMillis);
    }

    private void start(
            LoopContext home,
            HostPort host,
            BackendTarget target,
            SessionSettings startup,
            BackendListener listener,
            Result result,
            int acceptMillis) {
        BackendTls tls = tlsOf(target.tls());
        new ConnectAttempts(home, host, target, startup, listener, result, tls, names, bootstrap(home))
                .begin(acceptMillis);
    }

    /** One for each database: its contexts are large. */
    private BackendTls tlsOf(ServerTls settings) {
        return tls.computeIfAbsent(settings, missing -> new BackendTls(missing, library));
    }

    private Bootstrap bootstrap(LoopContext home) {
        Bootstrap bootstrap = new Bootstrap()
                .group(home.loop())
                .channel(transport.clientChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                // The login's own deadline covers the connect.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(64 << 10, 256 << 10))
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new io.netty.channel.AdaptiveRecvByteBufAllocator(2048, 16384, 131072).maxMessagesPerRead(4));
        if (transport == Transport.EPOLL) {
            bootstrap
                    .option(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS)
                    .option(EpollChannelOption.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPCNT, KEEPALIVE_COUNT);
        } else if (transport == Transport.IO_URING) {
            bootstrap
                    .option(IoUringChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS)
                    .option(IoUringChannelOption.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
                    .option(IoUringChannelOption.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
                    .option(IoUringChannelOption.TCP_KEEPCNT, KEEPALIVE_COUNT);
        }
        return bootstrap;
    }

    /** Frees what connections are made with; there will be no more. */
    public void close() {
        tls.values().forEach(BackendTls::close);
    }

    /**
     * Asks PostgreSQL to cancel what {@code backend} runs. Until the request has arrived, {@link
     * BackendConnection#cancelsInFlight} is raised. On the loop that owns the backend.
     */
    public void cancel(BackendConnection backend) {
        new CancelRequest(backend, bootstrap(backend.home()), cancels).send();
    }
}
