package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.ClientLimit;
import io.pgweir.proxy.settings.RetryMode;
import org.jspecify.annotations.Nullable;

/**
 * Sends a unit again whose backend was lost, unseen by the client: with {@code retry: safe}, if it only reads, outside of a
 * transaction, nothing of its answer has been forwarded and nothing was sent behind it; once, and within a budget. The client
 * is not read meanwhile. On the session's loop.
 */
final class SafeReplay extends Waiter {
    private final ClientSession session;
    private final FrontendRelay relay;
    private final BackendLoss loss;
    private final Pool pool;
    private final PoolMetrics metrics;
    private boolean waiting;
    private boolean sent;
    private @Nullable BackendConnection lost;
    private @Nullable BackendFailure cause;

    SafeReplay(ClientSession session, FrontendRelay relay, LoopContext loop, BackendLoss loss) {
        super(session.pool(), loop);
        this.session = session;
        this.relay = relay;
        this.loss = loss;
        this.pool = session.pool();
        this.metrics = pool.metrics(loop);
    }

    /** True if what {@code backend} owed will be asked for again; the lease has ended. */
    boolean takes(BackendConnection backend, BackendFailure failure) {
        if (sent) {
            sent = false;
            metrics.replaysFailed.increment();
        }
        boolean wanted = pool.settings().retry() == RetryMode.SAFE && failure.kind() == BackendFailure.Kind.LOST;
        if (!wanted
                || session.isPaused()
                || session.isInsideFrame()
                || relay.isUnitOpen()
                || !relay.repeatable().mayRepeat(backend)) {
            return false;
        }
        if (!pool.servers().retries().take()) {
            metrics.replaysDenied.increment();
            return false;
        }
        lost = backend;
        cause = failure;
        waiting = true;
        session.autoRead(false);
        pool.checkout(this, session.limits().nanos(ClientLimit.POOL_TIMEOUT));
        return true;
    }

    /** A unit has been answered. */
    void answered() {
        if (sent) {
            sent = false;
            metrics.replaysSucceeded.increment();
        }
    }

    /** The client has gone. */
    void abandon() {
        if (waiting && pool.leave(this)) {
            waiting = false;
        }
    }

    @Override
    protected void granted(BackendConnection backend) {
        waiting = false;
        if (session.isClosed()) {
            pool.release(backend);
            return;
        }
        sent = true;
        session.lease().begin(backend);
        relay.repeatable().repeat(backend);
        backend.flush();
        session.autoRead(true);
    }

    @Override
    protected void failed(CheckoutFailure failure) {
        waiting = false;
        metrics.replaysFailed.increment();
        BackendConnection backend = lost;
        BackendFailure why = cause;
        if (!session.isClosed() && backend != null && why != null) {
            loss.of(backend, why, false, "");
        }
    }

    @Override
    protected Object client() {
        return session;
    }
}
