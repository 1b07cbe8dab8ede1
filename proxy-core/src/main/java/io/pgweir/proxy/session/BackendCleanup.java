package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.Attachment;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;

/**
 * Makes a backend fit for others after its client has gone, or closes it. One step after the other, all of them within
 * one deadline:
 *
 * <pre>
 *   something runs --CancelRequest, wait for its arrival and every ReadyForQuery--> settled
 *   settled in a transaction --ROLLBACK--> settled
 *   session mode --DISCARD ALL--> settled          settings touched --snapshot--> settled
 *   settled, idle --> released to the pool
 *   half a message sent, COPY IN, pinned state, any failure, deadline --> discarded
 * </pre>
 */
final class BackendCleanup extends Deadlines.Deadline implements Attachment {
    private static final long DEADLINE_NANOS = 10_000_000_000L;

    private final BackendConnection backend;
    private final Pool pool;
    private final LoopContext loop;
    private final Outbound nowhere = new Outbound();
    private final boolean hopeless;
    private boolean settingsTouched;
    private boolean discardAll;
    private boolean failed;
    private boolean done;

    private BackendCleanup(BackendConnection backend, Pool pool, LoopContext loop, boolean hopeless, boolean touched) {
        this.backend = backend;
        this.pool = pool;
        this.loop = loop;
        this.hopeless = hopeless || backend.ledger().isCopyingIn();
        this.settingsTouched = touched;
        this.discardAll = pool.settings().mode() == PoolMode.SESSION;
    }

    /**
     * Takes over a backend from a client that is gone; on the loop that owns it. Whoever gives it away has asked for the
     * cancellation of what runs, if that is to be cancelled.
     *
     * @param hopeless the backend is not to be used again, whatever it says
     * @param settingsTouched the client has changed settings that nobody has asked for yet
     */
    static void start(
            BackendConnection backend, Pool pool, LoopContext loop, boolean hopeless, boolean settingsTouched) {
        BackendCleanup cleanup = new BackendCleanup(backend, pool, loop, hopeless, settingsTouched);
        loop.deadlines().arm(cleanup, DEADLINE_NANOS);
        backend.attach(cleanup);
        if (!backend.channel().config().isAutoRead()) {
            backend.channel().config().setAutoRead(true);
        }
        backend.flush();
        cleanup.advance();
    }

    private void advance() {
        if (done || backend.cancelsInFlight() > 0) {
            return;
        }
        if (hopeless || failed || backend.ledger().isCopyingIn()) {
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
            backend.sendInternalQuery("DISCARD ALL", this::stepDone);
        } else if (settingsTouched) {
            settingsTouched = false;
            SettingsSync.snapshot(backend, this::learned);
        } else {
            finish(true);
            return;
        }
        backend.flush();
    }

    private void stepDone(@Nullable ErrorFields error) {
        failed |= error != null;
    }

    private void learned(@Nullable SessionSettings settings) {
        if (settings == null) {
            failed = true;
        } else {
            backend.applied(settings);
        }
    }

    private void finish(boolean fit) {
        done = true;
        disarm();
        backend.detach();
        if (fit) {
            pool.release(backend);
        } else {
            pool.discard(backend);
        }
    }

    @Override
    protected void expired() {
        if (!done) {
            finish(false);
        }
    }

    @Override
    public EventLoop eventLoop() {
        return loop.loop();
    }

    @Override
    public Outbound toClient() {
        return nowhere;
    }

    @Override
    public void readyForQuery(byte status) {}

    @Override
    public void parameterStatus(String name, String value) {}

    @Override
    public void commandComplete(ByteBuf in, int at, int length) {
        settingsTouched |= CommandTags.effectOf(in, at, length) == CommandTags.Effect.SETTING;
    }

    @Override
    public ErrorAction errorForClient(ErrorFields error) {
        return ErrorAction.SUPPRESS;
    }

    @Override
    public void replay() {}

    @Override
    public boolean wantsNotifications() {
        return false;
    }

    @Override
    public void afterRead() {
        advance();
    }

    @Override
    public void readComplete() {}

    @Override
    public void cancelArrived() {
        advance();
    }

    @Override
    public void backendWritabilityChanged() {}

    @Override
    public void backendLost(BackendFailure failure) {
        done = true;
        disarm();
    }
}
