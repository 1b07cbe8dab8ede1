package io.pgweir.proxy.notify;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.Unattended;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.Waiter;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The backend that listens for a pool: taken from it as by any client, made neutral, and given back neutral. Whatever is sent
 * to it has to be answered in time, and if nothing is sent for a while it is asked whether it is there. On one loop.
 *
 * <pre>
 *   NONE --acquire--> ASKED --granted--> PREPARING --answered--> READY --giveBack--> RETURNING --answered--> NONE
 *                        \--refused--> NONE   any of the others --lost, overdue--> NONE
 * </pre>
 */
final class ListeningBackend extends Unattended {
    /** Told what happens to it, on the same loop. */
    interface Owner {
        /** It takes commands. */
        void ready();

        void notified(Notification notification);

        /** A read has been worked off. */
        void readDone();

        /** None could be had. */
        void unavailable(CheckoutFailure failure);

        /** It is gone, and what it listened on with it. */
        void lost(String why);

        /** It has been given back. */
        void returned();
    }

    private enum State {
        NONE,
        ASKED,
        PREPARING,
        READY,
        RETURNING
    }

    private static final long CHECK_SECONDS = 15;

    /**
     * Channel names and payloads come in the encoding of the session, and are passed on as they are to clients that use
     * UTF-8; no limit may end the session for being idle, which is its purpose.
     */
    private static final String PREPARE = "SET client_encoding TO 'UTF8'; SET application_name TO 'pgweir listen';"
            + " SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN"
            + " ('idle_session_timeout', 'statement_timeout', 'lock_timeout')";

    private final Pool pool;
    private final boolean keptByPool;
    private final Owner owner;
    private State state = State.NONE;
    private @Nullable BackendConnection backend;
    private boolean checkScheduled;
    private final Deadlines.Deadline answerDeadline = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            drop("it did not answer in time");
        }
    };
    private final Waiter waiter;

    /** @param keptByPool whether the pool may give it to others afterwards */
    ListeningBackend(Pool pool, boolean keptByPool, LoopContext loop, Owner owner) {
        super(loop);
        this.pool = pool;
        this.keptByPool = keptByPool;
        this.owner = owner;
        this.waiter = new Waiter(pool, loop) {
            @Override
            protected void granted(BackendConnection granted) {
                prepare(granted);
            }

            @Override
            protected void failed(CheckoutFailure failure) {
                state = State.NONE;
                owner.unavailable(failure);
            }
        };
    }

    boolean isNone() {
        return state == State.NONE;
    }

    /** It takes a command now. */
    boolean isReady() {
        BackendConnection current = backend;
        return state == State.READY && current != null && current.isSettled();
    }

    void acquire() {
        state = State.ASKED;
        pool.checkout(waiter, pool.settings().poolTimeout().toNanos());
    }

    private void prepare(BackendConnection granted) {
        backend = granted;
        state = State.PREPARING;
        granted.traces().lastClient(this);
        granted.attach(this);
        command("DISCARD ALL", error -> {});
        command(PREPARE, error -> {
            if (error == null) {
                state = State.READY;
                scheduleCheck();
            } else {
                drop("it could not be prepared: " + error.message());
            }
        });
    }

    /** Listens on some channels and no longer on others, in one transaction. */
    void change(Collection<String> listen, Collection<String> unlisten, Consumer<@Nullable ErrorFields> result) {
        StringBuilder sql = new StringBuilder();
        listen.forEach(channel -> append(sql, "LISTEN ", channel));
        unlisten.forEach(channel -> append(sql, "UNLISTEN ", channel));
        command(sql.toString(), result);
    }

    private static void append(StringBuilder sql, String verb, String channel) {
        sql.append(verb)
                .append('"')
                .append(channel.replace("\"", "\"\""))
                .append('"')
                .append(';');
    }

    private void command(String sql, Consumer<@Nullable ErrorFields> result) {
        BackendConnection current = backend;
        if (current != null) {
            if (!answerDeadline.isArmed()) {
                loop.deadlines()
                        .arm(answerDeadline, pool.settings().connectTimeout().toNanos());
            }
            current.sendInternalQuery(sql, result::accept);
            current.flush();
        }
    }

    /** Nobody listens any more. */
    void giveBack() {
        state = State.RETURNING;
        command("DISCARD ALL", error -> {
            if (error != null) {
                drop("it could not be reset: " + error.message());
            }
        });
    }

    private void scheduleCheck() {
        if (!checkScheduled) {
            checkScheduled = true;
            loop.loop().schedule(this::check, CHECK_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void check() {
        checkScheduled = false;
        if (state == State.READY) {
            if (isReady()) {
                command("SELECT 1", error -> {});
            }
            scheduleCheck();
        }
    }

    @Override
    public void mustGo(String why) {
        drop(why);
    }

    private void drop(String why) {
        BackendConnection current = backend;
        forget();
        if (current != null) {
            pool.discard(current);
            owner.lost(why);
        }
    }

    private void forget() {
        backend = null;
        state = State.NONE;
        answerDeadline.disarm();
    }

    // ---- from PostgreSQL

    @Override
    public void notification(ByteBuf in, int at, int length) {
        owner.notified(Notification.of(in, at, length)); // nobody is in a channel without a name
    }

    @Override
    public void afterRead() {
        owner.readDone();
        BackendConnection current = backend;
        if (current == null || !current.isSettled()) {
            return;
        }
        answerDeadline.disarm();
        if (state == State.RETURNING) {
            forget();
            current.detach();
            if (keptByPool) {
                pool.release(current);
            } else {
                pool.discard(current);
            }
            owner.returned();
        } else if (state == State.READY) {
            owner.ready();
        }
    }

    @Override
    public void backendLost(BackendFailure failure) {
        forget();
        owner.lost(failure.message());
    }

    @Override
    public Holder holder(BackendConnection held, StatementBook book) {
        long since = held.openedAt();
        return new Holder(holdState(held), "pgweir listen", StatementView.NONE, "", "none", held.pid(), since, since);
    }
}
