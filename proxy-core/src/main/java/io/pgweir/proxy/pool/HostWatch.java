package io.pgweir.proxy.pool;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a pool away from servers that are no longer what {@code target_session_attrs} asks for: its idle backends there are
 * closed, the others when their clients give them back. Where it is not certain, an idle backend is asked in its place, and
 * if it was a write that was refused, nobody gets a backend of that server before it has answered.
 */
final class HostWatch {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** When others than the one that has refused may be asked. */
    private static final long LATER_MILLIS = 110;

    private static final Logger LOG = LoggerFactory.getLogger(HostWatch.class);

    private final Pool pool;
    private final Growth growth;
    private final LoopPool[] parts;
    private final Servers servers;
    /** The last that has refused to write, of each server. */
    private final Map<HostPort, BackendConnection> witnesses = new ConcurrentHashMap<>();

    HostWatch(Pool pool, Growth growth, LoopPool[] parts) {
        this.pool = pool;
        this.growth = growth;
        this.parts = parts;
        this.servers = growth.servers();
        servers.whenLeft(this::left);
    }

    private TargetSessionAttrs target() {
        return servers.choice().target();
    }

    /** PostgreSQL has refused to write. Any loop. */
    void refused(BackendConnection backend) {
        if (target() == TargetSessionAttrs.READ_WRITE && servers.doubt(backend.host())) {
            witnesses.keySet().removeIf(server -> !servers.has(server));
            witnesses.put(backend.host(), backend);
            backend.home().loop().schedule(() -> everywhere(this::ask), LATER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Asks servers that are in doubt, by what is idle here; on this loop. */
    void ask(LoopPool part) {
        if (target() == TargetSessionAttrs.READ_WRITE) {
            ask(part, backend -> servers.takeQuestion(backend.host(), witnesses.get(backend.host()) == backend));
        }
    }

    /** About once a second, on each loop: what is not urgent. */
    void round(LoopPool part) {
        if (target() == TargetSessionAttrs.ANY) {
            return;
        }
        ask(part, backend -> servers.takeAnyQuestion(backend.host()));
        if (target() == TargetSessionAttrs.PREFER_STANDBY) {
            part.drainIf(backend -> servers.isBetterThan(backend.host()), pool::discard);
            if (part.loop().index() == 0) {
                growth.lookForBetter(part);
            }
        }
    }

    private void ask(LoopPool part, Predicate<BackendConnection> taken) {
        for (BackendConnection backend : part.all()) {
            boolean able = !backend.isClosed() && backend.isSettled();
            if (able && taken.test(backend)) {
                new Question(part, backend).start();
                return; // of one server at a time; the others' turn comes with its answer
            }
        }
    }

    private void left(HostPort server) {
        LOG.warn(
                "pool {}: {} is no longer {} (target_session_attrs); its idle backends are closed, the others when they are given"
                        + " back",
                pool.key(),
                server,
                target().text());
        leave(server, pool::discard);
        for (BackendConnection backend : growth.backends()) {
            if (backend.host().equals(server)) {
                EventLoop owner = backend.owner();
                owner.execute(() -> {
                    if (backend.owner() == owner) { // else whoever has it now has just been given it
                        backend.roleReports().mustGo("its server is no longer what target_session_attrs asks for");
                    }
                });
            }
        }
    }

    private void leave(HostPort server, Consumer<BackendConnection> how) {
        everywhere(part -> {
            part.drainIf(backend -> backend.host().equals(server), how);
            pool.serve(part);
        });
    }

    private void everywhere(Consumer<LoopPool> action) {
        for (LoopPool part : parts) {
            if (!part.loop().loop().isShuttingDown()) {
                part.loop().loop().execute(() -> action.accept(part));
            }
        }
    }

    /** What a server is, asked of an idle backend. If it does not answer, nothing that is idle there is of use. */
    private final class Question extends Deadlines.Deadline implements InternalReply {
        private final LoopPool part;
        private final BackendConnection backend;
        private final long begunAt = System.nanoTime();
        private @Nullable ServerRole role;

        Question(LoopPool part, BackendConnection backend) {
            this.part = part;
            this.backend = backend;
        }

        void start() {
            part.loop().deadlines().arm(this, PATIENCE_NANOS);
            backend.sendInternalQuery(ServerRole.QUERY, this);
            backend.flush();
        }

        @Override
        public void row(ByteBuf body) {
            role = ServerRole.answered(body);
        }

        @Override
        public void done(@Nullable ErrorFields error) {
            disarm();
            if (error != null || role == null) {
                expired();
                return;
            }
            servers.is(backend.host(), role, begunAt);
            everywhere(HostWatch.this::again);
        }

        @Override
        protected void expired() {
            servers.unanswered(backend.host());
            if (backend.isClosed()) {
                everywhere(HostWatch.this::again);
                return;
            }
            leave(backend.host(), idle -> idle.channel().close());
        }
    }

    private void again(LoopPool part) {
        ask(part);
        pool.serve(part);
    }
}
