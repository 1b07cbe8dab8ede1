package io.pgweir.proxy.auth;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.proxy.auth.LookupFailed.Meaning;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.Unattended;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One question for the password of one user: waits for the connection, sends the query with the name as its parameter, and takes one
 * row at most. All that may take connect_timeout, and less than clients have for their logins. On its loop.
 */
final class VerifierLookup extends Waiter {
    private static final int LONGEST_VALUE = 1024;

    private final Pool pool;
    private final LoopContext loop;
    private final String query;
    private final String user;
    private final long patienceNanos;
    private final CompletableFuture<@Nullable StoredPassword> result = new CompletableFuture<>();
    private final Conversation conversation;
    private final Deadlines.Deadline patience = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            conversation.tooSlow();
        }
    };

    /** @param patienceNanos for the connection and the answer together */
    VerifierLookup(Pool pool, LoopContext loop, String query, String user, long patienceNanos) {
        super(pool, loop);
        this.pool = pool;
        this.loop = loop;
        this.query = query;
        this.user = user;
        this.patienceNanos = patienceNanos;
        this.conversation = new Conversation(loop);
    }

    /** Null in the result: no such user. Any thread; once. */
    CompletableFuture<@Nullable StoredPassword> run() {
        loop.loop().execute(() -> {
            if (pool.steering().isPaused()) {
                fail(Meaning.AWAY, "the database is paused", "paused"); // to wait for the end of that is of no use
            } else {
                pool.checkout(this, patienceNanos);
            }
        });
        return result;
    }

    @Override
    protected void granted(BackendConnection backend) {
        loop.deadlines().arm(patience, Math.max(1, patienceNanos - waitedNanos()));
        conversation.begin(backend);
    }

    @Override
    protected void failed(CheckoutFailure failure) {
        BackendFailure cause = failure.cause();
        switch (failure.reason()) {
            case PAUSED -> fail(Meaning.AWAY, "the database is paused", "paused");
            case SHUTDOWN -> fail(Meaning.NOT_ASKED, "pgweir is shutting down", "shutting down");
            case QUEUE_FULL ->
                fail(Meaning.NOT_ASKED, "too many logins wait for an answer already", "the queue is full");
            default ->
                fail(
                        cause == null ? Meaning.AWAY : Meaning.of(cause.kind()),
                        words(cause),
                        cause == null ? failure.reason().name() : cause.message());
        }
    }

    private String words(@Nullable BackendFailure cause) {
        if (cause == null) {
            return tooLong();
        }
        return switch (cause.kind()) {
            case REFUSED, BAD_SETTINGS, UNPROTECTED -> "the database does not take the login of auth_user";
            case TIMED_OUT -> tooLong();
            case TEMPORARY, OWN_LIMIT -> "the database takes no connections now";
            case UNFIT -> "no server is what target_session_attrs asks for";
            case UNREACHABLE, LOST, DESYNCHRONISED -> "the database cannot be reached";
        };
    }

    private String tooLong() {
        return "the database has not answered within " + TimeUnit.NANOSECONDS.toMillis(patienceNanos) + " ms";
    }

    private void fail(Meaning meaning, String words, String details) {
        patience.disarm();
        result.completeExceptionally(new LookupFailed(meaning, words, details));
    }

    /** What goes over the connection. */
    private final class Conversation extends Unattended implements InternalReply {
        private final List<List<@Nullable String>> rows = new ArrayList<>();
        private @Nullable BackendConnection backend;
        private @Nullable ErrorFields error;
        private boolean answered;

        Conversation(LoopContext loop) {
            super(loop);
        }

        void begin(BackendConnection granted) {
            backend = granted;
            granted.attach(this);
            granted.converse(this).execute(query, user).sync();
            granted.flush();
        }

        @Override
        public void row(ByteBuf body) {
            if (rows.size() > 1) {
                return; // two are too many already
            }
            List<@Nullable String> row = new ArrayList<>();
            int columns = body.readUnsignedShort();
            for (int i = 0; i < Math.min(columns, 2); i++) {
                int length = body.readInt();
                boolean fits = length >= 0 && length <= LONGEST_VALUE;
                row.add(fits ? body.toString(body.readerIndex(), length, StandardCharsets.UTF_8) : null);
                body.skipBytes(Math.max(0, length));
            }
            rows.add(row);
        }

        @Override
        public void done(@Nullable ErrorFields failure) {
            error = failure;
            answered = true;
        }

        @Override
        public void afterRead() {
            BackendConnection used = backend;
            if (used == null || !answered || !used.isSettled()) {
                return;
            }
            backend = null;
            used.detach();
            pool.release(used);
            ErrorFields failure = error;
            if (failure != null) {
                fail(
                        Meaning.ofError(failure.code()),
                        "auth_query fails with SQLSTATE " + failure.code(),
                        failure.message() + " (SQLSTATE " + failure.code() + "). May user "
                                + pool.key().user() + " run auth_query in this database?");
            } else {
                judge();
            }
        }

        private void judge() {
            if (rows.size() > 1) {
                fail(Meaning.REFUSED, "auth_query gives more than one row", "more than one row for one user");
                return;
            }
            if (rows.isEmpty() || rows.get(0).isEmpty() || rows.get(0).get(0) == null) {
                finish(null);
                return;
            }
            List<@Nullable String> row = rows.get(0);
            if (row.size() != 2) {
                fail(
                        Meaning.REFUSED,
                        "auth_query gives one column",
                        "one column; it must give the name and the password");
            } else if (!user.equals(row.get(0))) {
                // Else somebody could log in with the password of another.
                fail(Meaning.REFUSED, "auth_query gives another user", "it gave another name than it was asked for");
            } else {
                String text = row.get(1);
                StoredPassword stored = text == null ? null : StoredPassword.of(new Secret(text));
                if (stored instanceof StoredPassword.Plain) {
                    fail(
                            Meaning.REFUSED,
                            "auth_query gives no verifier",
                            "the second column is neither an MD5 hash nor a SCRAM verifier of at most "
                                    + Limits.SCRAM_ITERATIONS
                                    + " iterations; pg_authid has them, pg_roles shows only asterisks");
                } else {
                    finish(stored);
                }
            }
        }

        private void finish(@Nullable StoredPassword stored) {
            patience.disarm();
            result.complete(stored);
        }

        void tooSlow() {
            BackendConnection used = backend;
            backend = null;
            fail(Meaning.AWAY, tooLong(), tooLong() + " to auth_query");
            if (used != null) {
                pool.discard(used);
            }
        }

        @Override
        public void backendLost(BackendFailure failure) {
            backend = null;
            fail(
                    Meaning.of(failure.kind()),
                    "the database cannot be reached",
                    "the connection was lost: " + failure.message());
        }
    }
}
