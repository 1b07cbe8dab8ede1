package io.pgweir.proxy.pool;

import io.netty.channel.EventLoop;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What an administrator may ask of one pool. Asking costs those who use the pool one read of a field.
 *
 * <p>While it is paused nobody gets a backend: idle ones are closed, the others when they are given back, and who asks for one
 * waits within pool_timeout. Thread-safe.
 */
public final class Steering {
    private final Pool pool;
    private final Growth growth;
    private final Object lock;
    private final WaitQueue queue;
    private final LoopPool[] parts;

    /** Null as a rule. Changed with the lock of this object. */
    private volatile @Nullable Orders orders;

    /**
     * @param pause while it is paused
     * @param renewed whether backends from before {@code renewedAt} are not wanted any more
     */
    private record Orders(@Nullable AdminOrder pause, boolean renewed, long renewedAt) {}

    Steering(Pool pool, Growth growth, Object lock, WaitQueue queue, LoopPool[] parts) {
        this.pool = pool;
        this.growth = growth;
        this.lock = lock;
        this.queue = queue;
        this.parts = parts;
    }

    // ---- orders

    public void pause(AdminOrder order) {
        synchronized (this) {
            Orders now = orders;
            synchronized (lock) { // no connect begins from now on
                orders = now == null ? new Orders(order, false, 0) : new Orders(order, now.renewed, now.renewedAt);
            }
        }
        everywhere(part -> part.drain(pool::discard));
        letGo("its pool is paused");
    }

    public void resume() {
        synchronized (this) {
            Orders now = orders;
            orders = now == null || !now.renewed ? null : new Orders(null, true, now.renewedAt);
        }
        serve();
    }

    /** Every backend that is open now is replaced, as soon as nobody has it. */
    public void renew() {
        Orders next;
        synchronized (this) {
            next = new Orders(pause(), true, System.nanoTime());
            orders = next;
        }
        everywhere(part -> {
            part.drainIf(backend -> isStale(next, backend), pool::discard);
            pool.serve(part);
        });
        letGo("its pool opens its backends anew");
    }

    /**
     * Other rules from now on. Who has a backend keeps it until it gives it back; who waits is served as the new rules allow.
     *
     * @param elsewhere whether backends that are open, or whose connects have begun, are to be replaced
     */
    public void rules(PoolSettings settings, BackendTarget target, boolean elsewhere) {
        pool.rules(settings, target);
        if (elsewhere) {
            renew();
        }
        everywhere(part -> {
            pool.upkeep().retireSurplus(part);
            pool.upkeep().keepMinimum(part);
        });
        serve();
    }

    /** Closes the idle backends that {@code which} is true of; on their loops, soon. */
    public void discardIdle(Predicate<BackendConnection> which) {
        everywhere(part -> part.drainIf(which, pool::discard));
    }

    /** Who waits is looked after anew, and probes that are overdue begin. */
    public void serve() {
        growth.seeToProbes();
        everywhere(pool::serve);
    }

    private void everywhere(Consumer<LoopPool> action) {
        for (LoopPool part : parts) {
            if (!part.loop().loop().isShuttingDown()) {
                part.loop().loop().execute(() -> action.accept(part));
            }
        }
    }

    /** Whoever would keep a backend without end: the one that listens. */
    private void letGo(String why) {
        growth.backends().forEach(backend -> letGo(backend, why));
    }

    private void letGo(BackendConnection backend, String why) {
        EventLoop owner = backend.owner();
        if (owner.isShuttingDown()) {
            return;
        }
        owner.execute(() -> {
            if (backend.owner() != owner) {
                letGo(backend, why); // somebody else has got it meanwhile
            } else if (!wants(backend)) {
                backend.roleReports().mustGo(why);
            }
        });
    }

    /** A connect that began before may have gone to an address that is not the server's any more. */
    private boolean isStale(Orders now, BackendConnection backend) {
        return now.renewed && growth.begunAt(backend) - now.renewedAt < 0;
    }

    // ---- how it stands

    /** Who has paused it, while that is so. */
    public @Nullable AdminOrder pause() {
        Orders now = orders;
        return now == null ? null : now.pause;
    }

    public boolean isPaused() {
        return pause() != null;
    }

    /** Whether this backend may be given to somebody. */
    public boolean wants(BackendConnection backend) {
        Orders now = orders;
        return now == null || (now.pause == null && !isStale(now, backend));
    }

    /** Open backends that are to be replaced. */
    public int stale() {
        Orders now = orders;
        return now == null
                ? 0
                : (int) growth.backends().stream()
                        .filter(backend -> isStale(now, backend))
                        .count();
    }

    /** The backends that are logged in and not gone yet. */
    public Set<BackendConnection> backends() {
        return growth.backends();
    }

    /** How long the one who has waited longest has waited; 0 if nobody waits. */
    public long longestWaitNanos() {
        synchronized (lock) {
            Waiter first = queue.first();
            return first == null ? 0 : first.waitedNanos();
        }
    }
}
