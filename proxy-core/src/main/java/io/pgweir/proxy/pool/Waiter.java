package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who wants a backend; reusable, one request at a time. The outcome comes on {@link #loop} and exactly once:
 * {@link #granted}, {@link #failed}, or neither after {@link Pool#leave} returned true.
 */
public abstract class Waiter extends Deadlines.Deadline {
    final LoopContext loop;
    final Pool pool;

    // Guarded by the pool's lock.
    @Nullable
    Waiter previous;

    @Nullable
    Waiter next;

    boolean queued;
    boolean connectUnderWay;

    private long askedAt;
    private long waited;

    protected Waiter(Pool pool, LoopContext loop) {
        this.pool = pool;
        this.loop = loop;
    }

    /** A backend, owned by this waiter's loop; it must be given back by {@link Pool#release} or {@link Pool#discard}. */
    protected abstract void granted(BackendConnection backend);

    protected abstract void failed(CheckoutFailure failure);

    /** The StartupMessage settings a backend must have been opened with. */
    protected SessionSettings startup() {
        return SessionSettings.NONE;
    }

    /** Who asks; with the shuffle switch it does not get the backend it had last. */
    protected Object client() {
        return this;
    }

    /** The process that asks, as in {@link io.pgweir.proxy.insight.Holder#process}; any thread. Empty if unknown. */
    protected String process() {
        return "";
    }

    final void askedNow() {
        askedAt = System.nanoTime();
        waited = 0;
    }

    /** Since it asked last, until now. */
    public final long waitedNanos() {
        return System.nanoTime() - askedAt;
    }

    /** Its wait is over; how long it was. */
    final long endWait() {
        waited = waitedNanos();
        return waited;
    }

    /** How long the last wait was, for who accounts for it: 0 when asked again. */
    public final long takeWait() {
        long last = waited;
        waited = 0;
        return last;
    }

    final long askedAt() {
        return askedAt;
    }

    final boolean accepts(BackendConnection backend, boolean shuffle) {
        return backend.startup().equals(startup())
                && !(shuffle && backend.traces().lastClient() == client());
    }

    @Override
    protected final void expired() {
        pool.refusals().expired(this);
    }
}
