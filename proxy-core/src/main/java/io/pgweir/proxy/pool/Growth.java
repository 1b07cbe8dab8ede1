package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The permits of one pool, and the connects that take them: a few at a time, spaced out while they fail. A permit is held
 * from before the connect until the socket is closed. Everything is guarded by the pool's lock; gauges may be read anywhere.
 */
final class Growth {
    /** Connects of one pool under way at a time: fast growth without a stampede. */
    static final int MOST_CONNECTING = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Growth.class);

    private final Pool pool;
    private final PoolSettings settings;
    private final Object lock;
    private final WaitQueue queue;
    private final ConnectGate gate = new ConnectGate();
    /** Logged in and not gone yet. */
    private final Set<BackendConnection> backends = ConcurrentHashMap.newKeySet();

    private boolean retryScheduled;
    private boolean stopped;
    private Map<String, String> reported = Map.of();
    private volatile int generation;
    private volatile int open;
    private volatile int connecting;

    Growth(Pool pool, Object lock, WaitQueue queue) {
        this.pool = pool;
        this.settings = pool.settings();
        this.lock = lock;
        this.queue = queue;
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
        synchronized (lock) {
            return gate.failure();
        }
    }

    /** No backend is open, and none can be opened for now; the cause will not pass by waiting. With the lock. */
    boolean isHopeless() {
        BackendFailure cause = gate.failure();
        boolean down = cause != null && cause.kind() != BackendFailure.Kind.TEMPORARY;
        return down && open == 0 && gate.nanosToRetry() > 0;
    }

    /** No more connects. */
    void stop() {
        synchronized (lock) {
            stopped = true;
        }
    }

    /**
     * Opens backends for waiters that no connect is under way for, as far as the limit allows.
     *
     * @param idleElsewhere backends that other loops are about to give to waiters
     */
    void grow(LoopPool part, int idleElsewhere) {
        while (true) {
            Waiter forWhom;
            synchronized (lock) {
                if (stopped
                        || connecting >= MOST_CONNECTING
                        || connecting + idleElsewhere >= queue.size()
                        || open >= settings.connectionLimit()) {
                    return;
                }
                long pause = gate.nanosToRetry();
                if (pause > 0) {
                    retryAfter(part, pause);
                    return;
                }
                forWhom = queue.nextToConnectFor();
                if (forWhom == null) {
                    return;
                }
                open++;
                connecting++;
            }
            connect(part, forWhom.startup(), forWhom);
        }
    }

    void keepMinimum(LoopPool part) {
        while (reserve(Math.min(settings.minConnections(), settings.connectionLimit()))) {
            connect(part, SessionSettings.NONE, null);
        }
    }

    /** Opens a backend if there is none, to find out whether it can be had; it stays as an idle one. Any thread. */
    void probe(LoopPool part) {
        if (reserve(1)) {
            part.loop().loop().execute(() -> connect(part, SessionSettings.NONE, null));
        }
    }

    /** Takes a permit for a connect if there are fewer than {@code enough} backends and connects are not held back. */
    private boolean reserve(int enough) {
        synchronized (lock) {
            if (open >= enough || stopped || connecting >= MOST_CONNECTING || gate.nanosToRetry() > 0) {
                return false;
            }
            open++;
            connecting++;
            return true;
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

    private void connect(LoopPool part, SessionSettings startup, @Nullable Waiter forWhom) {
        long begin = System.nanoTime();
        boolean retry = failure() != null;
        pool.connector().connect(part.loop(), pool.target(), startup, pool, new BackendConnector.Result() {
            @Override
            public void connected(BackendConnection backend) {
                part.metrics().connects.record(System.nanoTime() - begin);
                if (retry) {
                    part.metrics().connectRetriesSucceeded.increment();
                }
                opened(backend);
                pool.release(backend);
                pool.serve(part);
            }

            @Override
            public void failed(BackendFailure failure) {
                part.metrics().connectsFailed.record(System.nanoTime() - begin);
                if (retry) {
                    part.metrics().connectRetriesFailed.increment();
                }
                boolean itsOwnFault = failure.kind() == BackendFailure.Kind.BAD_SETTINGS && !startup.isEmpty();
                if (itsOwnFault && forWhom != null) {
                    released();
                    pool.failOne(forWhom, failure);
                } else if (connectFailed(forWhom, failure)) {
                    pool.failAll(CheckoutFailure.Reason.UNAVAILABLE);
                }
                pool.serve(part);
            }
        });
    }

    /** The backends that are logged in and not gone yet; any thread. */
    Set<BackendConnection> backends() {
        return backends;
    }

    /** Another number than before if servers may report other parameters to new connections than they did then. */
    int generation() {
        return generation;
    }

    /** Compares what a server reports to new connections with what the last one did. */
    void reported(BackendConnection backend) {
        if (!backend.startup().isEmpty()) {
            return; // a client's own
        }
        synchronized (lock) {
            if (backend.parameters().atLogin().equals(reported)) {
                backend.parameters().shareAtLogin(reported);
            } else {
                reported = backend.parameters().atLogin();
                generation++;
            }
        }
    }

    private void opened(BackendConnection backend) {
        reported(backend);
        backends.add(backend);
        synchronized (lock) {
            connecting--;
            if (gate.failure() != null) {
                LOG.info("pool {}: backends can be opened again", pool.key());
            }
            gate.succeeded();
        }
        LOG.debug("pool {}: backend {} opened, {} of {}", pool.key(), backend, open, settings.connectionLimit());
    }

    /** An attempt has ended that says nothing of the others. */
    private void released() {
        synchronized (lock) {
            connecting--;
            open--;
        }
    }

    /** True if nobody who waits can be helped: no backend is left, and the cause will not pass by waiting. */
    private boolean connectFailed(@Nullable Waiter forWhom, BackendFailure failure) {
        synchronized (lock) {
            connecting--;
            open--;
            if (forWhom != null) {
                forWhom.connectUnderWay = false;
            }
            if (gate.failure() == null) {
                LOG.warn("pool {}: no backend could be opened: {}", pool.key(), failure.message());
            }
            gate.failed(failure);
            return failure.kind() != BackendFailure.Kind.TEMPORARY && open - connecting == 0;
        }
    }

    /** A backend is gone for good: its permit is free. */
    void closed(BackendConnection backend) {
        backends.remove(backend);
        synchronized (lock) {
            open--;
            if (!backend.isSentAway()) {
                generation++; // it may be another server that comes back
            }
        }
        LOG.debug("pool {}: backend {} closed, {} of {}", pool.key(), backend, open, settings.connectionLimit());
    }
}
