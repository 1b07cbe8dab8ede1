package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.backend.Unattended;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.PoolMode;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes a backend fit for others after its client has gone, or closes it. One step after the other, all of them within
 * one deadline:
 *
 * <pre>
 *   something runs --CancelRequest, again and again, wait for its arrival and every ReadyForQuery--> settled
 *   settled in a transaction --ROLLBACK--> settled
 *   session mode, pinned state, LISTEN --DISCARD ALL--> settled          settings touched --snapshot--> settled
 *   settled, idle --> released to the pool
 *   half a message sent, COPY IN, a loaded library, any failure, deadline --> discarded
 * </pre>
 */
final class BackendCleanup extends Unattended {
    private static final long DEADLINE_NANOS = 10_000_000_000L;
    private static final long INSIST_MILLIS = 250;

    private final BackendConnection backend;
    private final Pool pool;
    private final boolean hopeless;
    private final Set<String> customSettings;
    private final long begunAt = System.nanoTime();
    private final Deadlines.Deadline deadline = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            if (!done) {
                finish(false);
            }
        }
    };
    private boolean settingsTouched;
    private boolean discardAll;
    private boolean failed;
    private boolean done;
    private boolean released;

    private BackendCleanup(BackendConnection backend, Pool pool, LoopContext loop, Leftover leftover) {
        super(loop);
        this.backend = backend;
        this.pool = pool;
        this.hopeless = leftover.hopeless() || backend.ledger().isCopyingIn();
        this.settingsTouched = leftover.settingsTouched();
        this.customSettings = leftover.customSettings();
        this.discardAll = pool.settings().mode() == PoolMode.SESSION || leftover.dirty();
    }

    /**
     * What a client leaves behind.
     *
     * @param hopeless the backend is not to be used again, whatever it says
     * @param cancel what still runs is to be cancelled
     * @param settingsTouched the client has changed settings that nobody has asked for yet
     * @param dirty there may be state that cannot be asked for
     * @param customSettings names with a dot that it may have set
     */
    record Leftover(
            boolean hopeless, boolean cancel, boolean settingsTouched, boolean dirty, Set<String> customSettings) {}

    /** Takes over a backend from a client that is gone; on the loop that owns it. */
    static void start(BackendConnection backend, Pool pool, LoopContext loop, Leftover leftover) {
        BackendCleanup cleanup = new BackendCleanup(backend, pool, loop, leftover);
        loop.deadlines().arm(cleanup.deadline, DEADLINE_NANOS);
        backend.attach(cleanup);
        if (leftover.cancel() && !backend.ledger().isEmpty()) {
            pool.metrics(loop).cancelsOfAbandoned.increment();
            cleanup.cancel();
        }
        backend.flush();
        cleanup.advance();
    }

    /** PostgreSQL ignores a cancel request that overtakes the statement it is meant for; so until something has come. */
    private void cancel() {
        boolean running = done
                ? !released && backend.channel().isActive()
                : !backend.ledger().isEmpty();
        if (running) {
            if (backend.cancelsInFlight() == 0) {
                pool.connector().cancel(backend);
            }
            loop.loop().schedule(this::cancel, INSIST_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void advance() {
        if (done || backend.cancelsInFlight() > 0) {
            return;
        }
        if (hopeless
                || failed
                || backend.ledger().isCopyingIn()
                || backend.ledger().isSkippingToSync()) {
            finish(false);
            return;
        }
        if (!backend.isSettled()) {
            return;
        }
        if (backend.status() != TransactionStatus.IDLE) {
            backend.sendInternalQuery("ROLLBACK", this::stepDone);
        } else if (discardAll) {
            discardAll = false;
            settingsTouched = false;
            backend.traces().sequencesDiscardedFor(null);
            backend.sendInternalQuery("DISCARD ALL", this::stepDone);
        } else if (settingsTouched) {
            settingsTouched = false;
            StateQuery.ask(backend, pool.statements(), true, false, customSettings, Set.of(), this::learned);
        } else {
            finish(true);
            return;
        }
        backend.flush();
    }

    private void stepDone(@Nullable ErrorFields error) {
        failed |= error != null;
    }

    private void learned(StateQuery.@Nullable Answer answer) {
        SessionSettings settings = answer == null ? null : answer.settings();
        if (settings == null || answer.unreplayable()) {
            failed = true;
        } else {
            backend.applied(settings);
        }
    }

    private void finish(boolean fit) {
        done = true;
        released = fit;
        deadline.disarm();
        backend.detach();
        giveBack(backend, pool, fit);
    }

    /** Nobody works with the backend any more; others may if it is {@code fit}. */
    static void giveBack(BackendConnection backend, Pool pool, boolean fit) {
        backend.running().clear();
        if (fit) {
            pool.release(backend);
        } else {
            pool.discard(backend);
        }
    }

    @Override
    public Holder holder(BackendConnection of, StatementBook book) {
        return new Holder(
                HoldState.RESETTING, "after a client", of.statementFor(book), "", "none", of.pid(), begunAt, begunAt);
    }

    @Override
    public HoldState holdState(BackendConnection of) {
        return HoldState.RESETTING;
    }

    @Override
    public void commandComplete(ByteBuf in, int at, int length) {
        CommandTags.Effect effect = CommandTags.effectOf(in, at, length);
        settingsTouched |= effect == CommandTags.Effect.SETTING || effect == CommandTags.Effect.RESET;
        failed |= effect == CommandTags.Effect.LOAD;
        discardAll |= effect == CommandTags.Effect.LISTEN;
    }

    @Override
    public void afterRead() {
        advance();
    }

    @Override
    public void cancelArrived() {
        advance();
    }

    @Override
    public void backendLost(BackendFailure failure) {
        done = true;
        deadline.disarm();
    }
}
