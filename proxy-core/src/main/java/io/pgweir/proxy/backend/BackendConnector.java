package io.pgweir.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Sockets;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.TlsLibrary;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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

    private static final int PROBE_ACCEPT_MILLIS = 1_000;

    /** Cancel requests on their way at one time, of all pools. */
    private static final int CANCELS = 32;

    private final Transport transport;
    private final Executor names;
    private final TlsLibrary library;
    private final Map<ServerTls, BackendTls> tls = new ConcurrentHashMap<>();
    private final CancelLane cancels = new CancelLane(CANCELS);
    /** At the last call of {@link #retain}. */
    private final Set<ServerTls> unused = new HashSet<>();

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
        // The login's own deadline covers the connect.
        return Sockets.toServer(transport, home.loop()).option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0);
    }

    /**
     * Frees what no connection is made with any more; what the call before has not named either, as connects may be under way.
     * Reads no files, but may wait for who does.
     *
     * @param used what is configured, and what open backends have: their cancel requests are protected as they are
     */
    public synchronized void retain(Set<ServerTls> used) {
        unused.removeAll(used);
        for (ServerTls settings : unused) {
            BackendTls contexts = tls.remove(settings);
            if (contexts != null) {
                contexts.close();
            }
        }
        unused.clear();
        tls.keySet().stream().filter(settings -> !used.contains(settings)).forEach(unused::add);
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
