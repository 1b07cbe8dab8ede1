package io.pgweir.proxy.pool;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.Unattended;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a backend answers: one trivial query under a deadline. A login proves little: what stands before a server
 * may accept it without the server. On the backend's home loop; the outcome comes once.
 */
final class Probe extends Unattended {
    private final BackendConnection backend;
    private final Consumer<@Nullable BackendFailure> outcome;
    private final Deadlines.Deadline patience = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            end(BackendFailure.timedOut(backend.host() + " answers a login, but not SELECT 1"));
        }
    };
    private boolean answered;
    private boolean over;

    /** @param outcome takes null if it answers; then the backend is as it was, and the taker's. Otherwise it is of no use */
    Probe(BackendConnection backend, LoopContext loop, Consumer<@Nullable BackendFailure> outcome) {
        super(loop);
        this.backend = backend;
        this.outcome = outcome;
    }

    void start(long nanos) {
        loop.deadlines().arm(patience, nanos);
        backend.attach(this);
        backend.sendInternalQuery("SELECT 1", this::answered);
        backend.flush();
    }

    private void answered(@Nullable ErrorFields error) {
        answered = true;
        if (error != null) {
            end(BackendFailure.unreachable("the server answers a login, but not SELECT 1: " + error.message()));
        }
    }

    @Override
    public void afterRead() {
        if (answered && backend.isSettled()) {
            end(null);
        }
    }

    @Override
    public void backendLost(BackendFailure failure) {
        end(failure);
    }

    private void end(@Nullable BackendFailure failure) {
        if (!over) {
            over = true;
            patience.disarm();
            backend.detach();
            outcome.accept(failure);
        }
    }
}
