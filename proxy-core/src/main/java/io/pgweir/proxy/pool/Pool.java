package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Incidents;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one database and user, never more than {@code connection_limit} of them on all loops together.
 *
 * <p>As long as nobody waits, a loop serves itself from the idle backends it is home to, without a lock. Whoever finds
 * none joins one queue for all loops, first come, first served; from then on every backend that comes free goes straight
 * to the head of that queue, whichever loop it lives on, and newcomers queue as well. A permit is held from before the
 * connect until the socket is closed.
 *
 * <p>Why nothing is left idle while somebody waits: who queues first raises {@link #waiting()}, then looks at the other
 * loops' idle counts; who puts a backend away first raises its idle count, then looks at {@link #waiting()}. One of the
 * two sees the other.
 */
public final class Pool {
    private static final long GOODBYE_MILLIS = 5_000;
    private final PoolKey key;
    private final boolean shuffle;
    private final BackendConnector connector;
    private final StatementRegistry statements;
    private final LoopPool[] parts;
    private final boolean picky;
    private final Object lock = new Object();
    private final WaitQueue queue = new WaitQueue();
    private final Growth growth;
    private final HostWatch hosts;
    private final Upkeep upkeep;
    private final BackendEvents events;
    private final PinnedClients pinned;
    private final PoolWatch watch;
    private final Steering steering;
    private final Refusals refusals;
    /** On their way to their home loop, to be put away there. */
    private final AtomicInteger returning = new AtomicInteger();

    private volatile PoolSettings settings;
    private volatile BackendTarget target;
    private volatile boolean shutdown;

    public Pool(
            PoolKey key,
            PoolSettings settings,
            BackendTarget target,
            BackendConnector connector,
            StatementRegistry statements,
            Servers servers,
            List<LoopContext> loops) {
        this.key = key;
        this.settings = settings;
        this.target = target;
        this.connector = connector;
        this.statements = statements;
        this.shuffle = settings.shuffle();
        this.picky = settings.mode() == PoolMode.SESSION || shuffle;
        this.parts = new LoopPool[loops.size()];
        this.growth = new Growth(this, lock, queue, servers, parts);
        this.pinned = new PinnedClients(settings);
        loops.forEach(loop -> parts[loop.index()] = new LoopPool(loop, servers, this::serve));
        this.hosts = new HostWatch(this, growth, parts);
        this.upkeep = new Upkeep(this, growth, hosts);
        this.events = new BackendEvents(this, growth, upkeep, hosts, parts);
        this.watch = new PoolWatch(this, growth, lock, queue, parts);
        this.refusals = new Refusals(this, growth, watch, lock, queue);
        this.steering = new Steering(this, growth, lock, queue, parts);
        growth.start();
    }

    public PoolKey key() {
        return key;
    }

    public PoolSettings settings() {
        return settings;
    }

    public BackendTarget target() {
        return target;
    }

    /** Other rules from now on; what needs a restart stays. {@link Steering} sees to those who are here. */
    void rules(PoolSettings other, BackendTarget where) {
        PoolSettings next = other.keeping(settings);
        if (!next.poolTimeout().equals(settings.poolTimeout())) {
            watch.longestWait(next.poolTimeout());
        }
        settings = next;
        pinned.rules(next);
        if (where != target) {
            target = where;
            growth.redirected();
        }
    }

    public BackendConnector connector() {
        return connector;
    }

    /** What its backends are to tell. */
    BackendEvents events() {
        return events;
    }

    public StatementRegistry statements() {
        return statements;
    }

    public PinnedClients pinned() {
        return pinned;
    }

    public PoolMetrics metrics(LoopContext loop) {
        return parts[loop.index()].metrics();
    }

    /** Asks for a backend; on the waiter's loop. May grant before it returns. With a limit of 0 it does not wait. */
    public void checkout(Waiter waiter, long timeoutNanos) {
        LoopPool part = parts[waiter.loop.index()];
        waiter.askedNow();
        if (queue.size() == 0 && !steering.isPaused()) {
            BackendConnection backend = part.take(waiter, shuffle);
            if (backend != null) {
                part.metrics().waitsServed.record(0);
                waiter.granted(backend);
                return;
            }
        }
        CheckoutFailure refusal;
        synchronized (lock) {
            refusal = shutdown ? refusals.of(CheckoutFailure.Reason.SHUTDOWN, waiter) : refusals.ofNewcomer(waiter);
            if (refusal == null) {
                queue.add(waiter);
            }
        }
        if (refusal != null) {
            refusals.tell(waiter, refusal);
            return;
        }
        waiter.loop.deadlines().arm(waiter, timeoutNanos > 0 ? timeoutNanos : PoolWatch.LONGEST_LOOK_AROUND_NANOS);
        serve(part);
        if (timeoutNanos > 0) {
            watch.begin();
        } else if (waiter.isArmed()) {
            watch.endWait(part, waiter);
        }
    }

    /** Takes the request back; on the waiter's loop. False if the outcome is decided: it has come or is on its way. */
    public boolean leave(Waiter waiter) {
        synchronized (lock) {
            if (!queue.remove(waiter)) {
                return false;
            }
        }
        waiter.disarm();
        metrics(waiter.loop).waitsFailed.record(waiter.endWait());
        return true;
    }

    // ---- release

    /** Gives a backend back: settled, outside a transaction, detached. On the loop that owns it. */
    public void release(BackendConnection backend) {
        growth.givenBack();
        if (!isOfUse(backend) || upkeep.isTooOld(backend) || backend.isAmbiguous() || upkeep.isSurplus(backend)) {
            discard(backend);
            return;
        }
        if (queue.size() > 0 && growth.servers().mayServe(backend.host())) {
            Waiter waiter;
            synchronized (lock) {
                waiter = queue.pollFor(backend, shuffle);
            }
            if (waiter != null) {
                grant(backend, waiter);
                return;
            }
        }
        LoopPool part = parts[backend.home().index()];
        if (part.loop().loop().inEventLoop()) {
            putAway(part, backend);
        } else {
            returning.incrementAndGet();
            backend.owner(part.loop().loop());
            part.loop().loop().execute(() -> {
                putAway(part, backend);
                returning.decrementAndGet();
            });
        }
    }

    private boolean isOfUse(BackendConnection backend) {
        boolean wanted = !shutdown && steering.wants(backend);
        return wanted && !backend.isClosed() && !growth.servers().isLeft(backend.host());
    }

    /** Closes a backend that must not be used again; its permit is free once PostgreSQL has let it go. */
    public void discard(BackendConnection backend) {
        backend.terminate(GOODBYE_MILLIS);
    }

    private void putAway(LoopPool part, BackendConnection backend) {
        if (isOfUse(backend) && !upkeep.isSurplus(backend)) {
            backend.idleSince(System.nanoTime());
            part.put(backend);
            hosts.ask(part);
        } else {
            discard(backend);
        }
        serve(part);
    }

    private void grant(BackendConnection backend, Waiter waiter) {
        if (waiter.loop.loop().inEventLoop()) {
            hand(backend, waiter);
        } else {
            backend.owner(waiter.loop.loop());
            waiter.loop.loop().execute(() -> hand(backend, waiter));
        }
    }

    private void hand(BackendConnection backend, Waiter waiter) {
        if (backend.isClosed()) {
            lostOnItsWay(waiter);
            return;
        }
        waiter.disarm();
        metrics(waiter.loop).waitsServed.record(waiter.endWait());
        waiter.granted(backend);
    }

    /** The waiter is first again, unless its time is over. */
    private void lostOnItsWay(Waiter waiter) {
        CheckoutFailure failure = null;
        synchronized (lock) {
            if (shutdown) {
                failure = refusals.of(CheckoutFailure.Reason.SHUTDOWN, waiter);
            } else if (!waiter.isArmed()) {
                failure = refusals.timedOut(waiter);
            } else {
                queue.addFirst(waiter);
            }
        }
        if (failure == null) {
            serve(parts[waiter.loop.index()]);
        } else {
            waiter.disarm();
            refusals.tell(waiter, failure);
        }
    }

    // ---- bringing waiters and backends together

    /** Gives this loop's idle backends to waiters, then opens more, then wakes the loops that have some. */
    void serve(LoopPool part) {
        handOverIdle(part);
        if (queue.size() == 0 || steering.isPaused()) {
            return;
        }
        growth.grow(part, picky ? 0 : part.usableBeside(parts) + returning.get());
        for (LoopPool other : parts) {
            if (queue.size() > 0 && other != part && other.usable() > 0) {
                // A picky waiter may not want what is idle there; then nobody there has more to do for it.
                other.loop().loop().execute(picky ? () -> handOverIdle(other) : () -> serve(other));
            }
        }
    }

    /**
     * A backend counts as idle until somebody has it: if it were taken out to look for a waiter, a newcomer could miss it
     * in between and wait beside it.
     */
    private void handOverIdle(LoopPool part) {
        while (queue.size() > 0 && part.usable() > 0 && !steering.isPaused()) {
            WaitQueue.Match match;
            synchronized (lock) {
                match = queue.match(part.lastUsedFirst(), shuffle);
            }
            if (match == null) {
                if (picky) {
                    upkeep.makeRoom(part);
                }
                return;
            }
            part.remove(match.backend());
            grant(match.backend(), match.waiter());
        }
    }

    Refusals refusals() {
        return refusals;
    }

    // ---- upkeep

    Upkeep upkeep() {
        return upkeep;
    }

    /** Retires what is too old or too long idle on this loop, keeps {@code min_connections}; about once a second. */
    public void maintain(LoopContext loop) {
        upkeep.round(parts[loop.index()]);
    }

    /** Opens a backend if there is none, to find out whether it can be had; it stays as an idle one. Any thread. */
    public void probe() {
        growth.probe(parts[0]);
    }

    /** Refuses newcomers, fails waiters, closes idle backends; others close when they are released. */
    public void shutdown() {
        shutdown = true;
        growth.stop();
        refusals.failAll(CheckoutFailure.Reason.SHUTDOWN);
        Arrays.stream(parts).forEach(part -> part.loop().loop().execute(() -> part.drain(this::discard)));
    }

    // ---- gauges, any thread

    /** Permits taken: connecting, open and closing. */
    public int open() {
        return growth.open();
    }

    /** Another number than before if servers may report other parameters to new connections than they did then. */
    public int generation() {
        return growth.generation().number();
    }

    public int connecting() {
        return growth.connecting();
    }

    /** Permits of backends that have been logged in: a server has answered. */
    public int established() {
        return growth.established();
    }

    public int idle() {
        return Arrays.stream(parts).mapToInt(LoopPool::idleCount).sum();
    }

    public int waiting() {
        return queue.size();
    }

    /** How many open backends are in each state; those that are idle or change hands at the moment are in none. */
    public Map<HoldState, Integer> states() {
        return watch.states();
    }

    /** What an administrator may ask of it. */
    public Steering steering() {
        return steering;
    }

    /** Why clients have waited in vain. */
    public Incidents incidents() {
        return watch.incidents();
    }

    public @Nullable BackendFailure failure() {
        return growth.failure();
    }

    /** Those that it opens connections to. */
    public Servers servers() {
        return growth.servers();
    }

    public List<PoolMetrics> allMetrics() {
        return Arrays.stream(parts).map(LoopPool::metrics).toList();
    }
}
