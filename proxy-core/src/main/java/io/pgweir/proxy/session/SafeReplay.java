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
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sends a unit again whose backend was lost, unseen by the client: with {@code retry: safe}, if it only reads, outside of a
 * transaction, nothing of its answer has been forwarded and nothing was sent behind it; once, and within a budget. What the
 * client sends meanwhile waits. On the session's loop.
 */
final class SafeReplay extends Waiter {
    private final ClientSession session;
    private final FrontendRelay relay;
    private final BackendLoss loss;
    private final Pool pool;
    private final PoolMetrics metrics;
    private boolean waiting;
    private boolean sent;
    private boolean forbidden;
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

    /** Whether it waits for a backend; the client has none then. */
    boolean isWaiting() {
        return waiting;
    }

    /** True if what {@code backend} owed will be asked for again; the lease has ended. */
    boolean takes(BackendConnection backend, BackendFailure failure) {
        boolean wanted =
                pool.settings().retry() == RetryMode.SAFE && failure.kind() == BackendFailure.Kind.LOST && !forbidden;
        forbidden = false;
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
        pool.checkout(this, session.limits().nanos(ClientLimit.POOL_TIMEOUT));
        return true;
    }

    /** What runs for the client is not to be sent again: it does not want it any more. */
    void forbid() {
        forbidden = true;
    }

    /** The client has asked for a cancel while it has no backend. */
    void cancel() {
        if (waiting) {
            forbidden = true; // the backend may be on its way here
            if (pool.leave(this)) {
                canceled();
            }
        }
    }

    /** A unit has been answered. */
    void answered() {
        forbidden = false;
        if (sent) {
            sent = false;
            metrics.replaysSucceeded.increment();
        }
    }

    /** The client has no backend any more. */
    void leaseEnds() {
        if (sent) {
            sent = false;
            metrics.replaysFailed.increment();
        }
    }

    /** The client has gone. */
    void abandon() {
        if (waiting && pool.leave(this)) {
            waiting = false;
            forget();
        }
    }

    @Override
    protected void granted(BackendConnection backend) {
        if (session.isClosed() || forbidden) {
            pool.release(backend);
            canceled();
            return;
        }
        waiting = false;
        sent = true;
        forget();
        session.lease().begin(backend);
        relay.repeatable().repeat(backend);
        backend.flush();
        session.resumeIfPaused();
    }

    private void canceled() {
        forbidden = false;
        BackendConnection backend = ends();
        if (!session.isClosed()) {
            loss.tell(backend, ClientError.REPEATED_STATEMENT_CANCELED.with(), false);
            loss.goOn();
        }
    }

    @Override
    protected void failed(CheckoutFailure failure) {
        BackendFailure why = Objects.requireNonNull(cause);
        BackendConnection backend = ends();
        if (!session.isClosed()) {
            loss.of(backend, why, false, "");
            session.drainIfIdle();
        }
    }

    /** It has waited in vain; returns the backend that was lost. */
    private BackendConnection ends() {
        waiting = false;
        metrics.replaysFailed.increment();
        return forget();
    }

    private BackendConnection forget() {
        BackendConnection backend = Objects.requireNonNull(lost);
        lost = null;
        cause = null;
        return backend;
    }

    @Override
    protected Object client() {
        return session;
    }
}
