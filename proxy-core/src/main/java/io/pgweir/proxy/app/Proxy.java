package io.pgweir.proxy.app;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.pgweir.proxy.admin.AdminConsole;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.http.HttpEndpoints;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.ListeningSocket;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Offload;
import io.pgweir.proxy.net.Sockets;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.ClientHandler;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ListenerTls;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.tls.ClientTls;
import io.pgweir.proxy.tls.TlsFault;
import io.pgweir.proxy.tls.TlsLibrary;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.Security;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running proxy. Thread-safe. */
public final class Proxy {
    private static final Logger LOG = LoggerFactory.getLogger(Proxy.class);
    private static final String ADDRESS_SECONDS = "networkaddress.cache.ttl";

    /** As it was at the start. */
    private final ProxyConfig config;

    private final EventLoops loops;
    private final Offload offload = new Offload();
    private final BackendConnector connector;
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final AdminConsole console;
    private final Reloader reloader;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final CountDownLatch terminated = new CountDownLatch(1);
    private @Nullable ListeningSocket listener;
    private @Nullable HttpEndpoints http;

    private Proxy(LoadedConfig loaded, Consumer<ProxyConfig> onReload) throws StartupFailure {
        LiveConfig live = new LiveConfig(loaded);
        this.config = live.config();
        this.loops = new EventLoops(Transport.choose(config.transport()), config.eventLoops());
        TlsLibrary library = new TlsLibrary(config.tlsProvider(), offload.work());
        ClientTls tls = clientTls(config.tls(), library);
        this.connector = new BackendConnector(loops.transport(), library, offload.names());
        this.pools = new PoolDirectory(live, connector, loops.contexts());
        this.sessions = new Sessions(live, loops, pools, offload.work(), offload.clientProofs(), tls);
        this.console =
                new AdminConsole(new AdminConsole.Subject(live, pools, sessions, loops, this::shutdown, this::reload));
        this.reloader = new Reloader(
                live,
                pools,
                sessions,
                settings -> ClientTls.of(settings, library, offload.clientHandshakes()),
                this::retire,
                onReload);
        sessions.console(console);
        console.start();
    }

    /**
     * Starts listening. A database that is down is no obstacle.
     *
     * @param loaded a configuration without problems
     * @throws StartupFailure if an address cannot be bound, or the certificate for clients is of no use
     */
    public static Proxy start(LoadedConfig loaded) throws StartupFailure {
        return start(loaded, config -> {});
    }

    /**
     * The same.
     *
     * @param onReload told of each configuration that is in force instead of the former, on any thread
     */
    public static Proxy start(LoadedConfig loaded, Consumer<ProxyConfig> onReload) throws StartupFailure {
        lookNamesUpAnew();
        Proxy proxy = new Proxy(loaded, onReload);
        try {
            proxy.listen();
        } catch (StartupFailure e) {
            proxy.release();
            throw e;
        }
        return proxy;
    }

    /** Java would keep an address for 30 s; a database whose name has moved is to be found at once. */
    private static void lookNamesUpAnew() {
        if (Security.getProperty(ADDRESS_SECONDS) == null) {
            Security.setProperty(ADDRESS_SECONDS, "1");
        }
    }

    private void listen() throws StartupFailure {
        if (config.reusePort() && loops.transport() == Transport.NIO) {
            throw new StartupFailure(
                    "reuse_port needs the transport epoll or io_uring, which only Linux has, and this is"
                            + " nio: leave reuse_port out, or choose another with --transport");
        }
        HostPort httpAddress = config.http();
        if (httpAddress != null) {
            HttpEndpoints endpoints = new HttpEndpoints(pools, sessions, loops);
            try {
                endpoints.bind(
                        new InetSocketAddress(httpAddress.host(), httpAddress.port()),
                        config.reusePort(),
                        config.httpAccess());
            } catch (Exception e) {
                endpoints.close();
                throw bindFailure(httpAddress, "--http", e);
            }
            http = endpoints;
        }
        listener = bind(config.listen()); // last: with reuse_port, clients come from now on
        for (LoopContext loop : loops.contexts()) {
            loop.loop().scheduleAtFixedRate(() -> maintain(loop), 1, 1, TimeUnit.SECONDS);
            loop.loop().execute(() -> maintain(loop));
        }
        loops.contexts().get(0).loop().scheduleWithFixedDelay(this::lookForFiles, 1, 1, TimeUnit.SECONDS);
        LOG.info(
                "listening on {} for clients, {} for HTTP; {} event loops on {}",
                clientAddress(),
                http == null ? "nothing" : httpAddress(),
                loops.contexts().size(),
                loops.transport().name().toLowerCase(java.util.Locale.ROOT));
    }

    private @Nullable ClientTls clientTls(ListenerTls settings, TlsLibrary library) throws StartupFailure {
        try {
            return ClientTls.of(settings, library, offload.clientHandshakes());
        } catch (TlsFault e) {
            loops.shutdown();
            offload.close();
            throw new StartupFailure("TLS to clients cannot be set up: " + e.text(), e);
        }
    }

    private void maintain(LoopContext loop) {
        pools.pools().forEach(pool -> pool.maintain(loop));
        pools.authQueries().pools().forEach(pool -> pool.maintain(loop));
        if (loop.index() == 0) {
            pools.sweep();
        }
    }

    private void lookForFiles() {
        ClientTls certificates = sessions.tls();
        if (certificates != null) {
            offload.work().execute(certificates::refresh);
        }
    }

    /** Closes a former TLS once those have used it who had begun to connect. */
    private void retire(ClientTls former, Duration longestLogin) {
        Runnable close = () -> offload.work().execute(former::close); // may wait for files
        loops.contexts().get(0).loop().schedule(close, longestLogin.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Reads the configuration again, flags and environment as they were at the start, and puts into force what has changed. Does
     * not block. Whoever asks while that is under way gets the outcome of once more, with all others who do.
     *
     * @param by who asks, for the log
     */
    public CompletableFuture<ReloadReport> reload(String by) {
        return stopping.get()
                ? CompletableFuture.failedFuture(new IllegalStateException("pgweir is shutting down"))
                : reloader.request(by);
    }

    private ListeningSocket bind(HostPort address) throws StartupFailure {
        ServerBootstrap bootstrap = Sockets.toClients(loops.transport(), loops.group())
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new ClientHandler(sessions));
                    }
                });
        InetSocketAddress socketAddress = new InetSocketAddress(address.host(), address.port());
        try {
            return config.reusePort()
                    ? ListeningSocket.bindShared(bootstrap, socketAddress)
                    : ListeningSocket.bind(bootstrap, socketAddress);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw bindFailure(address, "--listen", e);
        } catch (Exception e) {
            throw bindFailure(address, "--listen", e);
        }
    }

    private static StartupFailure bindFailure(HostPort address, String flag, Exception cause) {
        return new StartupFailure(
                "cannot listen on " + address + " (" + cause.getMessage() + "): stop what uses that address, or choose"
                        + " another with " + flag,
                cause);
    }

    /** Where clients connect. */
    public InetSocketAddress clientAddress() {
        ListeningSocket bound = listener;
        if (bound == null) {
            throw new IllegalStateException("not listening");
        }
        return bound.address();
    }

    /** Where health and metrics are, or null if they are off. */
    public @Nullable InetSocketAddress httpAddress() {
        return http == null ? null : http.address();
    }

    /** Its event loops, and what they count. */
    public EventLoops loops() {
        return loops;
    }

    /** The pools there are now. */
    public PoolDirectory pools() {
        return pools;
    }

    /** Who is connected. */
    public Sessions sessions() {
        return sessions;
    }

    /** What is configured at the moment, and how often it was read again. */
    public LiveConfig configuration() {
        return sessions.configuration();
    }

    /**
     * Takes no new clients, lets transactions end within {@code shutdown_timeout}, then closes everything. Does not block.
     */
    public CompletableFuture<Void> shutdown() {
        if (stopping.compareAndSet(false, true)) {
            Thread drainer = new Thread(this::drainAndStop, "pgweir-shutdown");
            drainer.setDaemon(true);
            drainer.start();
        }
        return stopped;
    }

    private void drainAndStop() {
        try {
            long end = System.nanoTime()
                    + sessions.configuration().config().shutdownTimeout().toNanos();
            stopListening(end);
            awaitClients(end);
            int left = sessions.loggedIn();
            if (left > 0) {
                LOG.warn("shutdown_timeout is over; closing {} clients with work under way", left);
                sessions.closeAll();
                awaitClients(System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
            }
            console.close();
            for (Pool pool : pools.poolsAndListeners()) {
                pool.shutdown();
            }
            awaitBackends();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            release();
            LOG.info("stopped");
            stopped.complete(null);
            terminated.countDown(); // the last step: the process may end now
        }
    }

    private void stopListening(long end) throws InterruptedException {
        ListeningSocket bound = listener;
        if (bound != null && isReplaced(bound)) {
            LOG.info("another process listens on {} and takes new clients", bound.address());
            new Handover(bound, sessions).run(end);
        } else {
            if (bound != null) {
                bound.close();
            }
            sessions.drain();
        }
    }

    private boolean isReplaced(ListeningSocket bound) {
        try {
            HttpEndpoints endpoints = http;
            if (endpoints != null) {
                endpoints.leave();
            }
            return bound.leave();
        } catch (IOException e) {
            LOG.warn("it cannot be told whether another process listens on {}: {}", bound.address(), e.toString());
            return false;
        }
    }

    private void awaitClients(long end) throws InterruptedException {
        while (sessions.loggedIn() > 0 && System.nanoTime() < end) {
            Thread.sleep(10);
        }
    }

    private void awaitBackends() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (System.nanoTime() < end && pools.poolsAndListeners().stream().anyMatch(pool -> pool.open() > 0)) {
            Thread.sleep(10);
        }
    }

    private void release() {
        HttpEndpoints endpoints = http;
        if (endpoints != null) {
            endpoints.close();
        }
        loops.shutdown().awaitUninterruptibly(5, TimeUnit.SECONDS);
        offload.close();
        connector.close();
        ClientTls certificates = sessions.tls();
        if (certificates != null) {
            certificates.close();
        }
    }

    /** Returns when everything is closed, and the log says so. */
    public void awaitTermination() throws InterruptedException {
        terminated.await();
    }
}
