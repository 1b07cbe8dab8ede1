package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** The idle backends of one pool whose home is one event loop, last used first. Only that loop's thread uses it. */
final class LoopPool {
    private final LoopContext loop;
    private final PoolMetrics metrics = new PoolMetrics();
    private final ArrayDeque<BackendConnection> idle = new ArrayDeque<>();

    /** Written after every change of {@link #idle}; read by loops that have waiters but no backend. */
    private volatile int idleCount;

    LoopPool(LoopContext loop) {
        this.loop = loop;
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

    /** The backend used last that {@code waiter} can use. */
    @Nullable
    BackendConnection take(Waiter waiter, boolean shuffle) {
        BackendConnection top = idle.peekLast();
        if (top == null) {
            return null;
        }
        if (!top.isClosed() && waiter.accepts(top, shuffle)) {
            idle.pollLast();
            idleCount = idle.size();
            return top;
        }
        for (Iterator<BackendConnection> all = idle.descendingIterator(); all.hasNext(); ) {
            BackendConnection backend = all.next();
            if (!backend.isClosed() && waiter.accepts(backend, shuffle)) {
                all.remove();
                idleCount = idle.size();
                return backend;
            }
        }
        return null;
    }

    @Nullable
    BackendConnection takeAny() {
        BackendConnection backend = idle.pollLast();
        idleCount = idle.size();
        return backend;
    }

    void put(BackendConnection backend) {
        idle.addLast(backend);
        idleCount = idle.size();
    }

    boolean remove(BackendConnection backend) {
        boolean removed = idle.remove(backend);
        idleCount = idle.size();
        return removed;
    }

    /** The one that has been idle longest, left where it is. */
    @Nullable
    BackendConnection oldest() {
        return idle.peekFirst();
    }

    Iterable<BackendConnection> all() {
        return idle;
    }

    Iterable<BackendConnection> lastUsedFirst() {
        return idle::descendingIterator;
    }
}
