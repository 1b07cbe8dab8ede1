package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.RetryMode;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The permits of one pool, and the connects that take them: a few at a time, spaced out while they fail, none but probes
 * while a server's breaker is open, and a growing number after that. A permit is held from before the connect until the
 * socket is closed. Everything is guarded by the pool's lock; gauges may be read anywhere.
 */
final class Growth {
    /** Connects of one pool under way at a time: fast growth without a stampede. */
    static final int MOST_CONNECTING = 4;

    /** While none can be opened, who waits is kept as long as others give theirs back this often. */
    private static final long LONGEST_QUIET_NANOS = 1_000_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(Growth.class);

    private final Pool pool;
    private final Object lock;
    private final WaitQueue queue;
    private final Servers servers;
    private final LoopPool[] parts;
    private final OutageWatch watch;
    private final Prober prober;
    private final ConnectGate gate = new ConnectGate();
    private final Generation generation = new Generation();
    /** Logged in and not gone yet, and when their connects began. */
    private final Map<BackendConnection, Long> backends = new ConcurrentHashMap<>();

    private boolean retryScheduled;
    private boolean stopped;
    private volatile int open;
    private volatile int connecting;
    /** A recent release while a server was down. Written without the lock: any of several will do. */
    private volatile long givenBackAt = System.nanoTime();

    /** @param parts those of the pool; they need not be there before {@link #start} */
    Growth(Pool pool, Object lock, WaitQueue queue, Servers servers, LoopPool[] parts) {
        this.pool = pool;
        this.lock = lock;
        this.queue = queue;
        this.servers = servers;
        this.parts = parts;
        this.watch = new OutageWatch(pool, this, parts);
        this.prober = new Prober(pool, this);
    }

    void start() {
        servers.listen(watch);
    }

    Servers servers() {
        return servers;
    }

    int open() {
        return open;
    }

    int connecting() {
        return connecting;
    }

    /** Permits of backends that have been logged in: a server has answered. */
    int established() {
        synchronized (lock) {
            return open - connecting;
        }
    }

    /** The last failed connect that no success has followed, or null. */
    @Nullable
    BackendFailure failure() {
        BackendFailure unfit = servers.noneFits();
        if (unfit != null) {
            return unfit;
        }
        synchronized (lock) {
            BackendFailure own = gate.failure();
            return own == null ? servers.failure() : own;
        }
    }

    /** What keeps backends from being opened, while that is so. */
    @Nullable
    Outage outage() {
        return servers.outage();
    }

    /** The backends that are logged in and not gone yet; any thread. */
    Set<BackendConnection> backends() {
        return backends.keySet();
    }

    /** When the connect of a backend began, as {@link System#nanoTime}; any thread. */
    long begunAt(BackendConnection backend) {
        return backends.getOrDefault(backend, backend.openedAt());
    }

    /** No more connects. */
    void stop() {
        servers.unlisten(watch);
        synchronized (lock) {
            stopped = true;
        }
    }

    // ---- outages

    /**
     * No backend can be opened for now, the cause will not pass by waiting, and none is open that might come free. With the
     * lock.
     */
    boolean isHopeless() {
        Outage outage = servers.outage();
        if (outage != null && !outage.cause().passesByWaiting()) {
            long quiet = System.nanoTime() - givenBackAt;
            return open == connecting || Math.min(quiet, outage.lastedNanos()) > LONGEST_QUIET_NANOS;
        }
        BackendFailure cause = gate.failure();
        return cause != null && cause.isConclusive() && open == 0 && gate.nanosToRetry() > 0;
    }

    /** Whether a newcomer cannot be helped. With the lock. */
    boolean refuses() {
        gate.credentials(pool.target().credentials().version());
        seeToProbes();
        return isHopeless();
    }

    /** Another pool may have found a server down and be gone; whoever needs it asks it again then. */
    void seeToProbes() {
        Breaker neglected = servers.unattended();
        if (neglected != null) {
            prober.begin(parts[0], neglected);
        }
    }

    void failIfHopeless() {
        boolean hopeless;
        synchronized (lock) {
            hopeless = isHopeless() && !pool.steering().isPaused();
        }
        if (hopeless) {
            pool.refusals().failAll(CheckoutFailure.Reason.UNAVAILABLE);
        }
    }

    /** A backend comes back from its client: it answers. On any loop. */
    void givenBack() {
        if (!servers.areUp()) {
            givenBackAt = System.nanoTime();
        }
    }

    /** A server that was down works: earlier failures to connect to it hold nobody up. */
    void serverAnswers() {
        synchronized (lock) {
            BackendFailure cause = gate.failure();
            if (cause != null && !cause.isConclusive()) {
                gate.succeeded();
            }
        }
    }

    /** A server says nothing, though no connect has shown it. Any loop. */
    void unanswered(HostPort server, BackendFailure failure, long begunAt) {
        Breaker breaker = servers.at(server);
        if (breaker != null && breaker.connectFailed(failure, begunAt)) {
            prober.begin(parts[0], breaker);
        }
    }

    // ---- growth

    /**
     * Opens backends for waiters that no connect is under way for, as far as the limit allows.
     *
     * @param idleElsewhere backends that other loops are about to give to waiters
     */
    void grow(LoopPool part, int idleElsewhere) {
        seeToProbes();
        while (true) {
            Waiter forWhom;
            Breaker server;
            synchronized (lock) {
                if (stopped
                        || pool.steering().isPaused()
                        || connecting >= MOST_CONNECTING
                        || connecting + idleElsewhere >= queue.size()
                        || open >= limit()) {
                    return;
                }
                server = next();
                long pause = nanosToConnect(server);
                if (server == null || pause > 0) {
                    retryAfter(part, pause);
                    break;
                }
                forWhom = queue.nextToConnectFor();
                if (forWhom == null) {
                    return;
                }
                servers.connecting(server);
                open++;
                connecting++;
            }
            connect(part, server, forWhom.startup(), forWhom);
        }
        failIfHopeless();
    }

    void keepMinimum(LoopPool part) {
        int enough = Math.min(pool.settings().minConnections(), limit());
        for (Breaker server = reserve(enough); server != null; server = reserve(enough)) {
            connect(part, server, SessionSettings.NONE, null);
        }
    }

    /** Opens a backend if there is none, to find out whether it can be had; it stays as an idle one. Any thread. */
    void probe(LoopPool part) {
        seeToProbes();
        Breaker server = reserve(1);
        if (server != null) {
            part.loop().loop().execute(() -> connect(part, server, SessionSettings.NONE, null));
        }
    }

    /**
     * Takes a permit for a connect if there are fewer than {@code enough} backends and connects are not held back.
     *
     * @return where to; null: none was taken
     */
    private @Nullable Breaker reserve(int enough) {
        synchronized (lock) {
            return reserve(next(), enough);
        }
    }

    private @Nullable Breaker reserve(@Nullable Breaker server, int enough) {
        synchronized (lock) {
            boolean held = server == null || nanosToConnect(server) > 0;
            boolean vain =
                    pool.steering().isPaused() || !pool.target().credentials().suffice();
            if (open >= enough || stopped || vain || connecting >= MOST_CONNECTING || held) {
                return null;
            }
            servers.connecting(server);
            open++;
            connecting++;
            return server;
        }
    }

    /** Opens a backend on a server that may be better than those in use, if there is one and a permit is free. */
    void lookForBetter(LoopPool part) {
        Breaker server = open == 0 ? null : reserve(servers.perhapsBetter(), limit());
        if (server != null) {
            connect(part, server, SessionSettings.NONE, null);
        }
    }

    /** Where to connect to; null also while another configuration comes into force: its servers are known before its target. */
    private @Nullable Breaker next() {
        Breaker server = servers.next(limit(), open);
        return server != null && pool.target().hosts().contains(server.server()) ? server : null;
    }

    /** 0 if this pool may open one more backend now. */
    private long nanosToConnect(@Nullable Breaker server) {
        if (server == null) {
            return servers.nanosToChange();
        }
        boolean room = open < server.most(limit());
        return Math.max(gate.nanosToRetry(), room ? 0 : server.nanosToChange());
    }

    /** Takes a permit for a probe, which no breaker holds back; false if all are taken or it is paused. */
    boolean takePermit() {
        synchronized (lock) {
            if (stopped || pool.steering().isPaused() || open >= limit()) {
                return false;
            }
            open++;
            connecting++;
            return true;
        }
    }

    boolean isStopped() {
        synchronized (lock) {
            return stopped;
        }
    }

    private void retryAfter(LoopPool part, long nanos) {
        if (!retryScheduled) {
            retryScheduled = true;
            part.loop().loop().schedule(() -> retry(part), nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void retry(LoopPool part) {
        synchronized (lock) {
            retryScheduled = false;
        }
        pool.serve(part);
    }

    private void connect(LoopPool part, Breaker server, SessionSettings startup, @Nullable Waiter forWhom) {
        new Opening(pool, this, part, server, startup, forWhom).begin();
    }

    /** A connect that has failed has opened the breaker. */
    void probe(LoopPool part, Breaker server) {
        prober.begin(part, server);
    }

    Generation generation() {
        return generation;
    }

    /** @param forWhom the waiter it was opened for; another may be before it in the queue, and it needs one more then */
    void opened(BackendConnection backend, @Nullable Waiter forWhom, long begunAt) {
        generation.reported(backend);
        backends.put(backend, begunAt);
        servers.is(backend.host(), backend.parameters().role(), begunAt);
        synchronized (lock) {
            connecting--;
            if (forWhom != null) {
                forWhom.connectUnderWay = false;
            }
            if (gate.failure() != null) {
                LOG.info("pool {}: backends can be opened again", pool.key());
            }
            gate.succeeded();
        }
        LOG.debug("pool {}: backend {} opened, {} of {}", pool.key(), backend, open, limit());
    }

    /** To whoever waits, unless other servers are configured since its connect began. */
    void giveOrClose(BackendConnection backend, Breaker server) {
        if (servers.uses(server)) {
            pool.release(backend);
        } else {
            pool.discard(backend);
        }
    }

    /** Whether something else is configured, or known of the password, since a connect began: it may work where that one did not. */
    boolean isOutdated(Attempt attempt, BackendFailure failure) {
        boolean otherPassword = failure.kind() == BackendFailure.Kind.REFUSED
                && attempt.credentials() != attempt.target().credentials().version();
        return otherPassword || attempt.target() != pool.target() || !servers.uses(attempt.server());
    }

    /** Connects go elsewhere or as somebody else from now on: how earlier ones ended says nothing. */
    void redirected() {
        synchronized (lock) {
            gate.succeeded();
        }
        generation.next();
    }

    private int limit() {
        return pool.settings().connectionLimit();
    }

    /** An attempt has ended that says nothing of the others. */
    void permitBack() {
        synchronized (lock) {
            connecting--;
            open--;
        }
    }

    /** Nothing came of an attempt: the next may be better. */
    void notWanted(@Nullable Waiter forWhom) {
        synchronized (lock) {
            permitBack();
            if (forWhom != null) {
                forWhom.connectUnderWay = false;
            }
        }
    }

    /** True if nobody who waits can be helped: no backend is left, and a retry is of no use or not wanted. */
    boolean connectFailed(@Nullable Waiter forWhom, Attempt attempt, BackendFailure failure) {
        synchronized (lock) {
            notWanted(forWhom);
            if (gate.failure() == null) {
                LOG.warn("pool {}: no backend could be opened: {}", pool.key(), failure.message());
            }
            gate.failed(failure, attempt.credentials());
            boolean last = failure.isConclusive() || pool.settings().retry() == RetryMode.OFF;
            return last && open - connecting == 0;
        }
    }

    /** A backend is gone for good: its permit is free. */
    void closed(BackendConnection backend) {
        backends.remove(backend);
        synchronized (lock) {
            open--;
        }
        if (!backend.isSentAway()) {
            generation.next();
        }
        LOG.debug("pool {}: backend {} closed, {} of {}", pool.key(), backend, open, limit());
    }
}
