package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.auth.Authenticator;
import io.pgweir.proxy.auth.ClientCounts;
import io.pgweir.proxy.auth.FailedLogins;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.tls.ClientTls;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What all clients share: who is connected, how they log in, how they cancel. Thread-safe. */
public final class Sessions {
    /** Apart from max_clients, so that an administrator gets in when that is reached. */
    private static final int MOST_CONSOLES = 50;

    private final ProxyConfig config;
    private final EventLoops loops;
    private final PoolDirectory pools;
    private final @Nullable ClientTls tls;
    private final Authenticator authenticator;
    private final Executor proofs;
    private final FailedLogins failedLogins;
    private final ClientCounts counts;
    private final CancelKeys cancelKeys = new CancelKeys();
    private final Map<Long, ClientSession> open = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private final Places clients;
    private final Places consoles = new Places(MOST_CONSOLES, ClientError.TOO_MANY_CONSOLES);
    private volatile @Nullable Console console;
    private volatile @Nullable AdminOrder outOfService;
    private final AtomicInteger loginsUnderWay = new AtomicInteger();
    private volatile Phase phase = Phase.SERVING;

    private enum Phase {
        SERVING,
        /** Ends, but who has connected already is served. */
        HANDING_OVER,
        DRAINING
    }

    /**
     * @param offload runs what takes too long for an event loop
     * @param proofs runs the checks of passwords; may throw {@link java.util.concurrent.RejectedExecutionException}
     * @param tls TLS to clients, or null
     */
    public Sessions(
            ProxyConfig config,
            EventLoops loops,
            PoolDirectory pools,
            Executor offload,
            Executor proofs,
            @Nullable ClientTls tls) {
        this.tls = tls;
        this.config = config;
        this.loops = loops;
        this.pools = pools;
        this.authenticator = new Authenticator(config, offload, pools.authQueries(), pools.credentials());
        this.proofs = proofs;
        this.failedLogins = new FailedLogins(config.access().failedLogins(), System::nanoTime);
        this.counts = new ClientCounts(config.access());
        this.clients = new Places(HeapRoom.mostClients(config.maxClients()), ClientError.TOO_MANY_CLIENTS);
    }

    /** From now on there is a console; before the first client. */
    public void console(Console answering) {
        console = answering;
    }

    /** What answers for this database in place of a server; null: nothing does. */
    @Nullable
    Console console(String database) {
        Console answering = console;
        return answering != null && answering.isCalled(database) ? answering : null;
    }

    /** Who takes a place for a client of this database. */
    Places places(String database) {
        return console(database) == null ? clients : consoles;
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

    @Nullable
    ClientTls tls() {
        return tls;
    }

    Authenticator authenticator() {
        return authenticator;
    }

    /** Runs the checks of passwords; throws {@link java.util.concurrent.RejectedExecutionException} if too many wait. */
    Executor proofs() {
        return proofs;
    }

    FailedLogins failedLogins() {
        return failedLogins;
    }

    /** How many clients users and databases have. */
    ClientCounts counts() {
        return counts;
    }

    CancelKeys cancelKeys() {
        return cancelKeys;
    }

    void loginBegun() {
        loginsUnderWay.incrementAndGet();
    }

    void loginEnded() {
        loginsUnderWay.decrementAndGet();
    }

    void opened(ClientSession session) {
        session.identity().number(numbers.incrementAndGet());
        open.put(session.identity().number(), session);
        if (phase == Phase.DRAINING) {
            session.loop().loop().execute(session::drain);
        }
    }

    void closed(ClientSession session) {
        open.remove(session.identity().number());
    }

    /** Whether the proxy is shutting down. */
    public boolean isDraining() {
        return phase != Phase.SERVING;
    }

    /** Why a client that asks for this database may not log in now; null: it may. */
    @Nullable
    ErrorFields refusal(String database) {
        AdminOrder out = outOfService;
        if (phase == Phase.DRAINING) {
            return ClientError.SHUTTING_DOWN.with();
        }
        return out == null || console(database) != null ? null : ClientError.OUT_OF_SERVICE.with(out.words());
    }

    /** An administrator's order to take no new clients, or null. */
    public @Nullable AdminOrder outOfService() {
        return outOfService;
    }

    /** No new clients from now on; null: they may come again. Who is here stays. */
    public void outOfService(@Nullable AdminOrder order) {
        outOfService = order;
    }

    Collection<ClientSession> open() {
        return open.values();
    }

    @Nullable
    ClientSession numbered(long number) {
        return open.get(number);
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

    void onEach(Consumer<ClientSession> action) {
        for (ClientSession session : open.values()) {
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
