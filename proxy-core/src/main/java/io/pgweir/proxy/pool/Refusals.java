package io.pgweir.proxy.pool;

/** What a waiter that gets no backend is told, with the numbers of that moment. With the pool's lock. */
final class Refusals {
    private final Pool pool;
    private final Growth growth;
    private final WaitQueue queue;

    Refusals(Pool pool, Growth growth, WaitQueue queue) {
        this.pool = pool;
        this.growth = growth;
        this.queue = queue;
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
}
