package io.pgweir.proxy.session;

import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

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
    private volatile boolean draining;

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
        if (draining) {
            session.loop().loop().execute(session::drain);
        }
    }

    void closed(ClientSession session) {
        open.remove(session);
    }

    /** Whether the proxy is shutting down. */
    public boolean isDraining() {
        return draining;
    }

    /** Clients past their login. */
    public int loggedIn() {
        return open.size();
    }

    /** Clients that are logging in. */
    public int loggingIn() {
        return loginsUnderWay.get();
    }

    /** Closes every client at the end of its transaction. */
    public void drain() {
        draining = true;
        for (ClientSession session : open) {
            session.loop().loop().execute(session::drain);
        }
    }

    /** Closes every client now. */
    public void closeAll() {
        for (ClientSession session : open) {
            session.loop().loop().execute(() -> {
                if (!session.isClosed()) {
                    session.closeWith(ClientError.SHUTTING_DOWN.with());
                }
            });
        }
    }
}
