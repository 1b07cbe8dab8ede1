package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.ClientLimit;

/**
 * The place of a session in the queue of its pool: taken by a message that needs a backend, left when one is granted or refused,
 * when the client cancels, or when it goes. The session is told what has come of it. On the session's loop.
 */
final class QueuePlace extends Waiter {
    private final ClientSession session;
    private boolean taken;
    private boolean cancelRequested;

    QueuePlace(ClientSession session) {
        super(session.pool(), session.loop());
        this.session = session;
    }

    /** Asks for a backend; the session may have it, or be refused, before this returns. */
    void take() {
        taken = true;
        session.pool().checkout(this, session.limits().nanos(ClientLimit.POOL_TIMEOUT));
    }

    boolean isTaken() {
        return taken;
    }

    /** False if it has none, or if the outcome is on its way here already. */
    boolean leave() {
        if (taken && session.pool().leave(this)) {
            end();
            return true;
        }
        return false;
    }

    /** The client cancels what it waits with; false if it does not wait. */
    boolean cancel() {
        if (leave()) {
            session.refused(ClientError.QUEUED_STATEMENT_CANCELED.with());
            return true;
        }
        cancelRequested = taken; // the backend is on its way here
        return taken;
    }

    private void end() {
        taken = false;
        cancelRequested = false;
    }

    @Override
    protected void granted(BackendConnection granted) {
        boolean canceled = cancelRequested;
        end();
        if (session.isClosed()) {
            session.pool().release(granted);
        } else if (canceled) {
            session.pool().release(granted);
            session.refused(ClientError.QUEUED_STATEMENT_CANCELED.with());
        } else {
            session.granted(granted);
        }
    }

    @Override
    protected void failed(CheckoutFailure failure) {
        end();
        session.refused(CheckoutErrors.of(failure, session.pool()));
    }

    @Override
    protected Object client() {
        return session;
    }

    @Override
    protected String process() {
        return session.identity().process();
    }
}
