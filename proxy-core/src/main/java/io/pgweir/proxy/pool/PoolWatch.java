package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.insight.Cause;
import io.pgweir.proxy.insight.Diagnosis;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.HoldTimes;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.Incidents;
import io.pgweir.proxy.insight.Situation;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import io.pgweir.proxy.metrics.PoolMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Looks at who holds the backends of a pool, but only while somebody waits for one: each event loop looks at short intervals
 * at those it owns, so queries pay nothing for it. Says what it has seen when somebody has waited in vain.
 *
 * <pre>
 *   resting --somebody waits--> looking, every 20 ms or more --nobody waits any more--> resting
 * </pre>
 */
final class PoolWatch {
    /** Who does not want to wait is refused as soon as it is known who has the backends, and no later than this. */
    static final long LONGEST_LOOK_AROUND_NANOS = 20_000_000;

    private static final long LOOK_NANOS = 20_000_000;
    /** With more backends looks are rarer, so that they take no more time altogether. */
    private static final int BACKENDS_PER_LOOK = 50;

    private static final long LONGEST_LOOK_NANOS = 200_000_000;
    private static final long FIRST_LOOK_NANOS = 1_000_000;
    /** Looks that are further apart do not say what was in between. */
    private static final long GAP_NANOS = 1_000_000_000;

    private static final long FRESH_NANOS = 100_000_000;
    private static final int MOST_PROCESSES = 1_000;

    private final Pool pool;
    private final Growth growth;
    private final Object lock;
    private final WaitQueue queue;
    private volatile HoldTimes times;
    private final Incidents incidents;
    private final List<Eye> eyes = new ArrayList<>();

    PoolWatch(Pool pool, Growth growth, Object lock, WaitQueue queue, LoopPool[] parts) {
        this.pool = pool;
        this.growth = growth;
        this.lock = lock;
        this.queue = queue;
        this.times = new HoldTimes(pool.settings().poolTimeout());
        this.incidents = new Incidents(pool.key().toString());
        for (LoopPool part : parts) {
            eyes.add(new Eye(part));
        }
    }

    /** Waits may be so long from now on: the account begins anew, to reach back as far. */
    void longestWait(Duration poolTimeout) {
        times = new HoldTimes(poolTimeout);
    }

    private long intervalNanos() {
        int limit = pool.settings().connectionLimit();
        return Math.min(LONGEST_LOOK_NANOS, LOOK_NANOS * Math.max(1, limit / BACKENDS_PER_LOOK));
    }

    Incidents incidents() {
        return incidents;
    }

    /** How many backends are in each state; those that change hands at the moment are in none. Any thread. */
    Map<HoldState, Integer> states() {
        Map<HoldState, Integer> states = new EnumMap<>(HoldState.class);
        for (BackendConnection backend : growth.backends()) {
            HoldState state = backend.holdState();
            if (state != null) {
                states.merge(state, 1, Integer::sum);
            }
        }
        return states;
    }

    /** Somebody waits. Any loop. */
    void begin() {
        for (Eye eye : eyes) {
            eye.open();
        }
    }

    /** Ends a wait that was for nothing but the reason: when every loop has looked, unless a backend comes free meanwhile. */
    void endWait(LoopPool part, Waiter waiter) {
        long asked = waiter.askedAt();
        Runnable end = () -> {
            if (waiter.askedAt() == asked) { // it may ask for something else by now
                pool.refusals().expired(waiter);
            }
        };
        if (isFresh(part, end)) {
            end.run();
        }
    }

    /** Every loop has looked just now, or the last look is not long ago; otherwise {@code then} is run once that is so. */
    private boolean isFresh(LoopPool asking, Runnable then) {
        long now = System.nanoTime();
        List<Eye> stale = new ArrayList<>(eyes.size());
        for (Eye eye : eyes) {
            if (eye.part == asking) {
                eye.look();
            } else if (now - eye.lookedAt >= FRESH_NANOS) {
                stale.add(eye);
            }
        }
        AtomicInteger left = new AtomicInteger(stale.size());
        for (Eye eye : stale) {
            eye.part.loop().loop().execute(() -> {
                eye.look();
                if (left.decrementAndGet() == 0) {
                    asking.loop().loop().execute(then);
                }
            });
        }
        return stale.isEmpty();
    }

    /** Counts a request that has failed, and adds what the waiter is to be told of it. On its loop, without the lock. */
    CheckoutFailure explained(CheckoutFailure failure, Waiter waiter, PoolMetrics metrics) {
        switch (failure.reason()) {
            case TIMEOUT -> {
                metrics.waitsTimedOut.record(failure.waitedNanos());
                Diagnosis diagnosis = diagnose(failure, waiter);
                metrics.poolTimeouts.increment(diagnosis.cause());
                return failure.with(diagnosis);
            }
            case PAUSED -> {
                metrics.waitsTimedOut.record(failure.waitedNanos());
                metrics.poolTimeouts.increment(Cause.PAUSED);
                return failure;
            }
            case QUEUE_FULL -> {
                metrics.waitsFailed.record(failure.waitedNanos());
                return failure.pause() == null ? failure.with(diagnose(failure, waiter)) : failure;
            }
            default -> {
                metrics.waitsFailed.record(failure.waitedNanos());
                return failure;
            }
        }
    }

    private Diagnosis diagnose(CheckoutFailure failure, Waiter waiter) {
        long now = System.nanoTime();
        Diagnosis recent = incidents.recent(now);
        if (recent != null) {
            return recent;
        }
        boolean full = failure.reason() == CheckoutFailure.Reason.QUEUE_FULL;
        long since = now - failure.waitedNanos();
        Set<String> processes;
        synchronized (lock) {
            processes = queue.processes(MOST_PROCESSES);
            Waiter first = queue.first();
            if (full && first != null) {
                since = first.askedAt();
            }
        }
        long waited = now - since;
        if (waited < LOOK_NANOS) {
            since = now - FRESH_NANOS; // the last look, which may have been at another loop's time
        }
        processes.add(waiter.process());
        processes.remove("");
        List<Holder> holders = new ArrayList<>();
        eyes.forEach(eye -> holders.addAll(eye.seen));
        BackendFailure cause = failure.cause();
        Situation situation = new Situation(
                now,
                waited,
                failure.limit(),
                failure.busy(),
                growth.established(),
                failure.waiting(),
                times.window(since, now),
                List.copyOf(holders),
                processes,
                cause == null ? null : new Situation.Refusal(cause.sqlState() != null, cause.message()));
        return incidents.diagnose(full ? "pool queue full" : "pool timeout", situation);
    }

    /** What one event loop sees of the pool. */
    private final class Eye implements Runnable {
        private final LoopPool part;
        private final AtomicBoolean looking = new AtomicBoolean();
        private final StatementBook book = new StatementBook();
        private long ended;
        private volatile long lookedAt;
        private volatile List<Holder> seen = List.of();

        Eye(LoopPool part) {
            this.part = part;
            this.lookedAt = System.nanoTime() - 2 * GAP_NANOS;
        }

        void open() {
            if (!looking.get() && looking.compareAndSet(false, true)) {
                part.loop().loop().execute(this);
            }
        }

        @Override
        public void run() {
            look();
            if (pool.waiting() > 0 && !part.loop().loop().isShuttingDown()) {
                part.loop().loop().schedule(this, intervalNanos(), TimeUnit.NANOSECONDS);
                return;
            }
            looking.set(false);
            if (pool.waiting() > 0) {
                open();
            }
        }

        /** On the loop of this part. */
        void look() {
            long now = System.nanoTime();
            List<Holder> found = new ArrayList<>();
            for (BackendConnection backend : growth.backends()) {
                if (backend.owner() == part.loop().loop()) {
                    Holder holder = backend.holder(book);
                    if (holder != null) {
                        found.add(holder);
                    }
                }
            }
            if (part.loop().index() == 0) {
                Holder connecting =
                        new Holder(HoldState.CONNECTING, "pgweir", StatementView.NONE, "", "none", 0, now, now);
                for (int i = growth.connecting(); i > 0; i--) {
                    found.add(connecting);
                }
            }
            long count = part.metrics().transactions.count();
            boolean goesOn = now - lookedAt <= GAP_NANOS;
            times.add(now, goesOn ? now - lookedAt : FIRST_LOOK_NANOS, found, goesOn ? count - ended : 0);
            ended = count;
            seen = found;
            lookedAt = now;
        }
    }
}
