package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The clock of each statement in a Query of several. PostgreSQL may say nothing before the last of them is done, so pgweir
 * cannot tell them apart; but PostgreSQL's own statement_timeout starts anew with each of them (exec_simple_query). It is
 * set in front of the unit, unless what is in force there is shorter already, and goes when the backend is given to
 * somebody else, as every setting does that is not the next client's. On the session's loop.
 */
final class LentTimeout {
    private static final String NAME = "statement_timeout";

    private static final String LEND = "SELECT pg_catalog.set_config('" + NAME + "', $1::pg_catalog.text, false)"
            + " WHERE pg_catalog.current_setting('" + NAME + "')::pg_catalog.interval"
            + " NOT BETWEEN '1 millisecond' AND $2::pg_catalog.interval";

    private @Nullable String value;
    private long nanos;
    private long lentAt;
    private boolean inForce;

    /**
     * Puts it in front of what follows. Only outside of a transaction: in one, the query that sets it would take the
     * snapshot too early for SET TRANSACTION.
     *
     * @param done told when it has been answered, with the error if there was one
     */
    void lend(BackendConnection backend, long limitNanos, InternalReply done) {
        // One more than the limit: nobody else chooses such a number, so that it is known again.
        String millis = Long.toString(TimeUnit.NANOSECONDS.toMillis(limitNanos) + 1);
        value = millis;
        nanos = limitNanos;
        lentAt = System.nanoTime();
        inForce = false;
        backend.converse(new InternalReply() {
                    @Override
                    public void row(ByteBuf body) {
                        inForce = true;
                    }

                    @Override
                    public void done(@Nullable ErrorFields error) {
                        done.done(error);
                    }
                })
                .execute(LEND, millis, millis + "ms")
                .sync();
        backend.applied(backend.applied().overlaidWith(SessionSettings.of(Map.of(NAME, millis))));
    }

    /** Whether {@code error} says that a statement has taken longer than what was lent. */
    boolean isCauseOf(ErrorFields error) {
        String message = error.message();
        return inForce
                && SqlState.QUERY_CANCELED.code().equals(error.code())
                && System.nanoTime() - lentAt >= nanos
                && message != null
                && !message.contains("user request");
    }

    /** The client has set something itself, perhaps this. */
    void clientSets() {
        inForce = false;
    }

    /** What a client has set: without what was lent, which is not its own. */
    SessionSettings withoutLent(SessionSettings snapshot, SessionSettings ofClient) {
        String lent = value;
        if (lent == null || !lent.equals(snapshot.get(NAME))) {
            return snapshot;
        }
        String own = ofClient.get(NAME);
        SessionSettings rest = snapshot.without(NAME);
        return own == null ? rest : rest.overlaidWith(SessionSettings.of(Map.of(NAME, own)));
    }

    /** The backend is somebody else's now. */
    void over() {
        value = null;
        inForce = false;
    }
}
