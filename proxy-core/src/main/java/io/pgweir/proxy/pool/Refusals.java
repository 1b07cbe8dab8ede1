package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendFailure;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Waits that end without a backend: takes waiters out of the queue, and tells each on its loop why, with the numbers of the
 * moment when it was decided.
 */
final class Refusals {
    private final Pool pool;
    private final Growth growth;
    private final PoolWatch watch;
    private final Object lock;
    private final WaitQueue queue;

    /** @param lock the pool's, which guards {@code queue} */
    Refusals(Pool pool, Growth growth, PoolWatch watch, Object lock, WaitQueue queue) {
        this.pool = pool;
        this.growth = growth;
        this.watch = watch;
        this.lock = lock;
        this.queue = queue;
    }

    // ---- why; with the lock

    /** Why a newcomer cannot wait; null: it can. */
    @Nullable
    CheckoutFailure ofNewcomer(Waiter waiter) {
        if (queue.size() >= pool.settings().queueLimit()) {
            return of(CheckoutFailure.Reason.QUEUE_FULL, waiter);
        }
        if (!pool.steering().isPaused() && growth.refuses()) {
            return of(CheckoutFailure.Reason.UNAVAILABLE, waiter);
        }
        return null;
    }

    /** pool_timeout is over. */
    CheckoutFailure timedOut(Waiter waiter) {
        if (pool.steering().isPaused()) {
            return of(CheckoutFailure.Reason.PAUSED, waiter);
        }
        boolean fits = growth.servers().noneFits() == null;
        return of(fits ? CheckoutFailure.Reason.TIMEOUT : CheckoutFailure.Reason.NO_HOST, waiter);
    }

    CheckoutFailure of(CheckoutFailure.Reason reason, Waiter waiter) {
        int busy = growth.open() - pool.idle();
        return CheckoutFailure.of(
                        reason, waiter, busy, pool.settings(), queue.size(), growth.failure(), growth.outage())
                .with(pool.steering().pause());
    }

    // ---- who

    /** Its time is over, unless it has been served meanwhile; on its loop. */
    void expired(Waiter waiter) {
        CheckoutFailure failure;
        synchronized (lock) {
            if (!queue.remove(waiter)) {
                return;
            }
            failure = timedOut(waiter);
        }
        waiter.disarm();
        tell(waiter, failure);
    }

    /** {@code waiter} cannot be helped, for a cause that is its own. */
    void failOne(Waiter waiter, BackendFailure cause) {
        CheckoutFailure failure;
        synchronized (lock) {
            if (!queue.remove(waiter)) {
                return;
            }
            failure = of(CheckoutFailure.Reason.UNAVAILABLE, waiter).withCause(cause);
        }
        tellOnItsLoop(waiter, failure);
    }

    /** Nobody who waits now can be helped. */
    void failAll(CheckoutFailure.Reason reason) {
        Map<Waiter, CheckoutFailure> left = new LinkedHashMap<>();
        synchronized (lock) {
            for (Waiter waiter = queue.poll(); waiter != null; waiter = queue.poll()) {
                left.put(waiter, of(reason, waiter));
            }
        }
        left.forEach(this::tellOnItsLoop);
    }

    private void tellOnItsLoop(Waiter waiter, CheckoutFailure failure) {
        waiter.loop.loop().execute(() -> {
            waiter.disarm();
            tell(waiter, failure);
        });
    }

    /** It is in the queue no longer, or never was; on its loop. */
    void tell(Waiter waiter, CheckoutFailure failure) {
        waiter.endWait();
        waiter.failed(watch.explained(failure, waiter, pool.metrics(waiter.loop)));
    }
}
