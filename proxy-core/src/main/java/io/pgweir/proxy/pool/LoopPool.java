package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.PeerWatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The idle backends of one pool whose home is one event loop, last used first. Only that loop's thread uses it. */
final class LoopPool {
    /** What was released so recently is not looked at: it would be one system call for each of many short statements. */
    private static final long FRESH_NANOS = 2_000_000;

    /** By then the loop has looked for something to read. */
    private static final long READ_MILLIS = 1;

    /** When to look again whether a server that is in doubt may serve. */
    private static final long DOUBT_MILLIS = 5;

    private final LoopContext loop;
    private final Servers servers;
    private final PeerWatch peers = new PeerWatch();
    private final PoolMetrics metrics = new PoolMetrics();
    private final ArrayDeque<BackendConnection> idle = new ArrayDeque<>();

    /** Idle ones that nobody gets for now. */
    private final Set<BackendConnection> held = new HashSet<>();

    private final Consumer<LoopPool> usableAgain;

    /** Written after every change of {@link #idle}; read by loops that have waiters but no backend. */
    private volatile int idleCount;

    /** Written after every change of {@link #held}, and before {@link #idleCount}. */
    private volatile int heldCount;

    /** @param usableAgain what to do when a backend that could not be used a moment ago can be */
    LoopPool(LoopContext loop, Servers servers, Consumer<LoopPool> usableAgain) {
        this.loop = loop;
        this.servers = servers;
        this.usableAgain = usableAgain;
    }

    LoopContext loop() {
        return loop;
    }

    PoolMetrics metrics() {
        return metrics;
    }

    int idleCount() {
        return idleCount;
    }

    /** Idle ones that can be given to somebody; never fewer than there are. Any thread. */
    int usable() {
        int all = idleCount;
        return all - heldCount;
    }

    /** The same of all {@code parts} but this. */
    int usableBeside(LoopPool[] parts) {
        int sum = -usable();
        for (LoopPool part : parts) {
            sum += part.usable();
        }
        return sum;
    }

    boolean isHeld(BackendConnection backend) {
        return held.contains(backend);
    }

    /** Nobody gets it until {@link #free}, or it is gone. It is idle here. */
    void hold(BackendConnection backend) {
        held.add(backend);
        heldCount = held.size();
    }

    /** Everybody may have it; the caller lets the pool serve who waits. False if it is not held any more. */
    boolean free(BackendConnection backend) {
        if (!held.remove(backend)) {
            return false;
        }
        heldCount = held.size();
        return true;
    }

    /** The backend used last that {@code waiter} can use. */
    @Nullable
    BackendConnection take(Waiter waiter, boolean shuffle) {
        BackendConnection top = idle.peekLast();
        if (top == null) {
            return null;
        }
        if (isUsable(top, waiter.askedAt()) && waiter.accepts(top, shuffle)) {
            idle.pollLast();
            idleCount = idle.size();
            return top;
        }
        for (Iterator<BackendConnection> all = idle.descendingIterator(); all.hasNext(); ) {
            BackendConnection backend = all.next();
            if (isUsable(backend, waiter.askedAt()) && waiter.accepts(backend, shuffle)) {
                all.remove();
                idleCount = idle.size();
                return backend;
            }
        }
        return null;
    }

    /** Whether it can be given to somebody: it is there, as far as the kernel knows, and no check of it is under way. */
    private boolean isUsable(BackendConnection backend, long now) {
        if (!backend.isSettled() || held.contains(backend)) {
            return false;
        }
        if (backend.isClosed()) {
            hold(backend); // it is on its way out
            return false;
        }
        if (!servers.mayServe(backend.host())) {
            hold(backend);
            loop.loop().schedule(() -> lookAgain(backend), DOUBT_MILLIS, TimeUnit.MILLISECONDS);
            return false;
        }
        long quiet = Math.min(now - backend.idleSince(), now - backend.heard().at());
        if (quiet <= FRESH_NANOS || !peers.hasNews(backend.channel(), quiet)) {
            return true;
        }
        hold(backend);
        loop.loop().schedule(() -> hasRead(backend), READ_MILLIS, TimeUnit.MILLISECONDS);
        return false;
    }

    private void lookAgain(BackendConnection backend) {
        if (free(backend)) {
            usableAgain.accept(this);
        }
    }

    /** The loop has come to read what there was; a backend that is still there can be used. */
    private void hasRead(BackendConnection backend) {
        if (free(backend)) {
            backend.heard().now();
            usableAgain.accept(this);
        }
    }

    /** Takes all out. */
    void drain(Consumer<BackendConnection> taker) {
        held.clear();
        heldCount = 0;
        for (BackendConnection backend = idle.pollLast(); backend != null; backend = idle.pollLast()) {
            idleCount = idle.size();
            taker.accept(backend);
        }
    }

    void put(BackendConnection backend) {
        idle.addLast(backend);
        idleCount = idle.size();
    }

    boolean remove(BackendConnection backend) {
        boolean removed = idle.remove(backend);
        free(backend);
        idleCount = idle.size();
        return removed;
    }

    /** Takes out those that {@code which} is true of. */
    void drainIf(Predicate<BackendConnection> which, Consumer<BackendConnection> taker) {
        for (BackendConnection backend : idle.toArray(BackendConnection[]::new)) {
            if (which.test(backend)) {
                remove(backend);
                taker.accept(backend);
            }
        }
    }

    /** The one that has been idle longest, left where it is. */
    @Nullable
    BackendConnection oldest() {
        return idle.peekFirst();
    }

    Iterable<BackendConnection> all() {
        return idle;
    }

    /** Those that can be given to somebody. */
    Iterable<BackendConnection> lastUsedFirst() {
        long now = System.nanoTime();
        List<BackendConnection> usable = new ArrayList<>(idle.size());
        idle.descendingIterator().forEachRemaining(backend -> {
            if (isUsable(backend, now)) {
                usable.add(backend);
            }
        });
        return usable;
    }
}
