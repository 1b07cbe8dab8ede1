package io.pgweir.proxy.pool;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks idle backends now and then whether they answer: a host that vanished, a network that forgot the connection or a frozen
 * server says nothing by itself. The backend keeps its place; nobody gets it until it has answered, and if it does not it is
 * closed.
 */
final class IdleCheck {
    private static final long MOST_SECONDS = 5;

    private final Pool pool;
    /** When each was last heard of by a check. */
    private final Map<BackendConnection, Long> checkedAt = new ConcurrentHashMap<>();

    IdleCheck(Pool pool) {
        this.pool = pool;
    }

    /** Asks those of this loop that are due; on that loop. */
    void round(LoopPool part) {
        long intervalNanos = pool.settings().idleCheckInterval().toNanos();
        if (intervalNanos == 0) {
            return;
        }
        long now = System.nanoTime();
        for (BackendConnection backend : part.all()) {
            Long last = checkedAt.get(backend);
            boolean due = now - backend.idleSince() >= intervalNanos && (last == null || now - last >= intervalNanos);
            if (due && !backend.isClosed() && backend.isSettled() && !part.isHeld(backend)) {
                checkedAt.put(backend, now);
                new Check(part, backend).start();
            }
        }
    }

    private long patienceNanos() {
        return Math.min(
                TimeUnit.SECONDS.toNanos(MOST_SECONDS),
                pool.settings().connectTimeout().toNanos());
    }

    void closed(BackendConnection backend) {
        checkedAt.remove(backend);
    }

    private final class Check extends Deadlines.Deadline {
        private final LoopPool part;
        private final BackendConnection backend;

        Check(LoopPool part, BackendConnection backend) {
            this.part = part;
            this.backend = backend;
        }

        void start() {
            LoopContext loop = part.loop();
            part.hold(backend);
            loop.deadlines().arm(this, patienceNanos());
            backend.sendInternalQuery("SELECT 1", this::answered);
            backend.flush();
        }

        private void answered(@Nullable ErrorFields error) {
            disarm();
            if (error == null) {
                // Later: the answer is not worked off yet, and the backend not settled.
                part.loop().loop().execute(() -> {
                    if (part.free(backend)) {
                        pool.serve(part);
                    }
                });
            } else {
                backend.channel().close();
            }
        }

        @Override
        protected void expired() {
            backend.channel().close();
        }
    }
}
