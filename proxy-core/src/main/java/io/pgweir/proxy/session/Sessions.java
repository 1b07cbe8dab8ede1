package io.pgweir.proxy.session;

import io.netty.buffer.ByteBufUtil;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.StartupPacket;
import io.pgweir.proxy.auth.Authenticator;
import io.pgweir.proxy.auth.ClientCounts;
import io.pgweir.proxy.auth.FailedLogins;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.StatementRules;
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
    static final int MOST_CONSOLES = 50;

    private final LiveConfig live;
    private final EventLoops loops;
    private final PoolDirectory pools;
    private final Authenticator authenticator;
    private final Executor proofs;
    private final FailedLogins failedLogins;
    private final ClientCounts counts;
    private final CancelKeys cancelKeys = new CancelKeys();
    private final Map<Long, ClientSession> open = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private final Places clients;
    private final Places consoles = new Places(MOST_CONSOLES, LoginError.TOO_MANY_CONSOLES);
    private volatile @Nullable ClientTls tls;
    private volatile @Nullable Console console;
    private volatile @Nullable AdminOrder outOfService;
    private final Newcomers newcomers;
    private final RefusalLog refusals = new RefusalLog();
    private final BufferBudget buffers;
    private final LoginBuffers loginBuffers;
    private final AtomicInteger loginsUnderWay = new AtomicInteger();
    private volatile Phase phase = Phase.SERVING;
    /** The number of the configuration that everything goes by, except at the start. */
    private volatile long followed;

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
            LiveConfig live,
            EventLoops loops,
            PoolDirectory pools,
            Executor offload,
            Executor proofs,
            @Nullable ClientTls tls) {
        this.tls = tls;
        this.live = live;
        this.loops = loops;
        this.pools = pools;
        this.authenticator = new Authenticator(live, offload, pools.authQueries(), pools.credentials());
        this.proofs = proofs;
        this.failedLogins = new FailedLogins(config().access().failedLogins(), System::nanoTime);
        this.counts = new ClientCounts(config().access());
        this.newcomers = new Newcomers(config().bounds());
        this.buffers = new BufferBudget(config().bounds().bufferBytes());
        this.loginBuffers = new LoginBuffers(buffers.most() / 2);
        this.clients = new Places(HeapRoom.mostClients(config().maxClients()), LoginError.TOO_MANY_CLIENTS);
        keepStatements();
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

    /** How many clients may be connected: max_clients, or what the heap has room for if that is less. */
    public int mostClients() {
        return clients.limit();
    }

    ProxyConfig config() {
        return live.config();
    }

    /** What is configured at the moment. */
    public LiveConfig configuration() {
        return live;
    }

    /** Another number than before if something else is configured, and again when everything goes by it. */
    long rulesNumber() {
        return live.number() + followed;
    }

    /** Something else is configured: it counts for who is connected as well. The pools have their rules already. */
    public void configured() {
        clients.limit(HeapRoom.mostClients(config().maxClients()));
        authenticator.configured();
        failedLogins.limit(config().access().failedLogins());
        counts.limits(config().access());
        keepStatements();
        onEach(session -> session.limits().operatorChanged());
        followed = live.number();
    }

    private void keepStatements() {
        StatementRules rules = config().statements();
        int tables = loops.contexts().size();
        loops.contexts()
                .forEach(loop -> loop.loop().execute(() -> loop.statements().keep(rules, tables)));
    }

    EventLoops loops() {
        return loops;
    }

    PoolDirectory pools() {
        return pools;
    }

    /** TLS to clients that connect now, or null. */
    public @Nullable ClientTls tls() {
        return tls;
    }

    /** TLS to clients that connect from now on, or null. Who is connected, or just connecting, keeps what there was. */
    public void tls(@Nullable ClientTls other) {
        tls = other;
    }

    Authenticator authenticator() {
        return authenticator;
    }

    /** Who has not proved yet who it is. */
    public Newcomers newcomers() {
        return newcomers;
    }

    /** Where it is said why connections are refused before they have logged in. */
    RefusalLog refusals() {
        return refusals;
    }

    /** What is held of clients' messages. */
    public BufferBudget buffers() {
        return buffers;
    }

    /** The same of those that are logging in. */
    public LoginBuffers loginBuffers() {
        return loginBuffers;
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
        session.limits().operatorChanged(); // if something else was configured meanwhile: nobody has told it
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

    /** Why a client that asks for this may not log in, or not now; null: it may. */
    @Nullable
    ErrorFields refusal(StartupPacket.Startup startup) {
        String database = startup.database();
        ErrorFields tooLong = tooLong("user", startup.user());
        tooLong = tooLong == null ? tooLong("database", database) : tooLong;
        if (tooLong != null) {
            return tooLong;
        }
        AdminOrder out = outOfService;
        if (phase == Phase.DRAINING) {
            return ClientError.SHUTTING_DOWN.with();
        }
        return out == null || console(database) != null ? null : LoginError.OUT_OF_SERVICE.with(out.words());
    }

    /** PostgreSQL would cut it off, and two long names could become one behind pgweir's back. */
    private static @Nullable ErrorFields tooLong(String what, String name) {
        int length = ByteBufUtil.utf8Bytes(name);
        return length <= Limits.NAME ? null : LoginError.NAME_TOO_LONG.with(what, length, Limits.NAME);
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
                CheckoutErrors.seconds(config().shutdownTimeout().toNanos()));
        onEach(session -> {
            if (!session.isClosed()) {
                session.closeWith(last);
            }
        });
    }
}
