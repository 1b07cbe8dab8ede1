package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.Command.Argument;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** PAUSE, RESUME, DISABLE, ENABLE, RECONNECT and WAIT_CLOSE: what databases' clients get, and on which backends. */
final class PauseCommands {
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final DatabaseNames names;

    PauseCommands(AdminConsole.Subject subject) {
        this.pools = subject.pools();
        this.sessions = subject.sessions();
        this.names = new DatabaseNames(subject);
    }

    List<Command> commands() {
        return List.of(
                Command.admin(
                        "PAUSE",
                        Argument.DATABASE_OR_ALL,
                        "Nobody gets a backend; returns when all are closed, as for a restart of the server. Statements wait.",
                        this::pause),
                Command.admin(
                        "RESUME",
                        Argument.DATABASE_OR_ALL,
                        "Ends PAUSE and KILL; without a name of all databases, and DRAIN too.",
                        this::resume),
                Command.admin(
                        "DISABLE",
                        Argument.DATABASE,
                        "Refuses new clients of a database; those that are connected stay.",
                        (caller, database) -> {
                            pools.switches().disable(names.known(database), AdminOrder.now(caller.user()));
                            return Reply.DONE.now();
                        }),
                Command.admin("ENABLE", Argument.DATABASE, "Takes DISABLE back.", (caller, database) -> {
                    String known = names.known(database);
                    return pools.switches().enable(known)
                            ? Reply.DONE.now()
                            : Reply.notice(ConsoleError.NOT_DISABLED.with(known))
                                    .now();
                }),
                Command.admin(
                        "RECONNECT",
                        Argument.DATABASE_OR_ALL,
                        "Replaces every backend that is open now, each when no client has it; returns at once.",
                        (caller, database) -> {
                            of(database).forEach(pool -> pool.steering().renew());
                            return Reply.DONE.now();
                        }),
                Command.admin(
                        "WAIT_CLOSE",
                        Argument.DATABASE_OR_ALL,
                        "Returns when every backend that RECONNECT was about has gone.",
                        (caller, database) -> {
                            List<Pool> all = of(database);
                            return Wait.until(
                                    caller.loop(),
                                    () -> all.stream()
                                            .allMatch(pool -> pool.steering().stale() == 0));
                        }));
    }

    private List<Pool> of(@Nullable String database) {
        return pools.poolsAndListeners(names.knownOrAll(database));
    }

    private CompletableFuture<Reply> pause(Caller caller, @Nullable String database) {
        String known = names.knownOrAll(database);
        AdminOrder own = AdminOrder.now(caller.user());
        AdminOrder order = pools.pauseOnce(known, own);
        CompletableFuture<Reply> closed = Wait.until(caller.loop(), () -> {
            if (!pools.switches().isPausedBy(known, order)) {
                throw ConsoleError.PAUSE_ENDED.failure();
            }
            return pools.poolsAndListeners(known).stream().allMatch(pool -> pool.open() == 0);
        });
        closed.whenComplete((reply, failure) -> {
            // Who interrupts a PAUSE that takes too long wants it undone; who only goes away does not.
            if (failure instanceof CancellationException && order == own) {
                pools.resume(known, own);
            }
        });
        return closed;
    }

    private CompletableFuture<Reply> resume(Caller caller, @Nullable String database) {
        String known = names.knownOrAll(database);
        if (known == null) {
            boolean any = pools.switches().isAnyPaused() || sessions.outOfService() != null;
            sessions.outOfService(null);
            pools.resume(null);
            return (any ? Reply.DONE : Reply.notice(ConsoleError.NOTHING_TO_RESUME.with())).now();
        }
        boolean paused = pools.switches().paused(known) != null;
        pools.resume(known);
        if (pools.switches().paused(known) != null) {
            throw ConsoleError.ALL_PAUSED.failure(known);
        }
        return (paused ? Reply.DONE : Reply.notice(ConsoleError.NOTHING_TO_RESUME.with())).now();
    }
}
