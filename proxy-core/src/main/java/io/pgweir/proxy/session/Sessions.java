package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** What all clients share: who is connected, how they log in, how they cancel. Thread-safe. */
public final class Sessions {
    private final ProxyConfig config;
    private final EventLoops loops;
    private final PoolDirectory pools;
    private final Authenticator authenticator;
    private final CancelKeys cancelKeys = new CancelKeys();
    private final Set<ClientSession> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger clients = new AtomicInteger();
    private final AtomicInteger loginsUnderWay = new AtomicInteger();
    private volatile Phase phase = Phase.SERVING;

    private enum Phase {
        SERVING,
        /** Ends, but who has connected already is served. */
        HANDING_OVER,
        DRAINING
    }

    public Sessions(ProxyConfig config, EventLoops loops, PoolDirectory pools, Executor offload) {
        this.config = config;
        this.loops = loops;
        this.pools = pools;
        this.authenticator = new Authenticator(config, offload);
    }

    ProxyConfig config() {
        return config;
    }

    EventLoops loops() {
        return loops;
    }

    PoolDirectory pools() {
        return pools;
    }

    Authenticator authenticator() {
        return authenticator;
    }

    CancelKeys cancelKeys() {
        return cancelKeys;
    }

    /** False if max_clients are connected. */
    boolean admit() {
        if (clients.incrementAndGet() > config.maxClients()) {
            clients.decrementAndGet();
            return false;
        }
        return true;
    }

    void dismissed() {
        clients.decrementAndGet();
    }

    void loginBegun() {
        loginsUnderWay.incrementAndGet();
    }

    void loginEnded() {
        loginsUnderWay.decrementAndGet();
    }

    void opened(ClientSession session) {
        open.add(session);
        if (phase == Phase.DRAINING) {
            session.loop().loop().execute(session::drain);
        }
    }

    void closed(ClientSession session) {
        open.remove(session);
    }

    /** Whether the proxy is shutting down. */
    public boolean isDraining() {
        return phase != Phase.SERVING;
    }

    /** Whether a client that has connected may log in. */
    boolean takesLogins() {
        return phase != Phase.DRAINING;
    }

    /** Clients past their login. */
    public int loggedIn() {
        return open.size();
    }

    /** Clients that are logging in. */
    public int loggingIn() {
        return loginsUnderWay.get();
    }

    /** Shutting down, with another process for new clients: nothing changes yet for those that are here. */
    public void handOver() {
        phase = Phase.HANDING_OVER;
    }

    /** Closes every client that is idle and was not active since the last call. */
    public void closeQuiet() {
        onEach(session -> session.farewell().closeIfQuiet());
    }

    /** Closes every client behind its next answer outside of a transaction. Those who send nothing stay. */
    public void closeBehindAnswers() {
        phase = Phase.DRAINING;
        onEach(session -> session.farewell().beginBehindAnswer());
    }

    /** Closes every client behind its next answer outside of a transaction, and now if it is idle or waits for a backend. */
    public void drain() {
        phase = Phase.DRAINING;
        onEach(ClientSession::drain);
    }

    private void onEach(Consumer<ClientSession> action) {
        for (ClientSession session : open) {
            session.loop().loop().execute(() -> action.accept(session));
        }
    }

    /** Closes every client now, whatever it does. */
    public void closeAll() {
        ErrorFields last = ClientError.SHUTDOWN_TIMEOUT.with(
                CheckoutErrors.seconds(config.shutdownTimeout().toNanos()));
        onEach(session -> {
            if (!session.isClosed()) {
                session.closeWith(last);
            }
        });
    }
}
