package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.settings.ClientLimit;

/**
 * Says goodbye to a client that sends nothing for too long outside of a transaction. The clock starts anew with whatever
 * it sends and each time it has the turn; costs nothing if the limit is off. On the session's loop.
 */
final class IdleClient extends Deadlines.Deadline {
    private final ClientSession session;
    private final Deadlines deadlines;

    IdleClient(ClientSession session, Deadlines deadlines) {
        this.session = session;
        this.deadlines = deadlines;
    }

    /** The client has sent something, or been told that it has the turn. */
    void active() {
        long nanos = session.limits().nanos(ClientLimit.CLIENT_IDLE_TIMEOUT);
        if (nanos > 0) {
            deadlines.arm(this, nanos);
        } else if (isArmed()) {
            disarm();
        }
    }

    @Override
    protected void expired() {
        if (session.isIdle()) {
            session.closeWith(ClientError.CLIENT_IDLE_TIMEOUT.with(
                    CheckoutErrors.seconds(session.limits().nanos(ClientLimit.CLIENT_IDLE_TIMEOUT))));
        }
    }
}
