package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.Command.Argument;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.AdminActions;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** KILL, KILL CLIENT and KILL BACKEND. */
final class KillCommands {
    /** Of whoever works for nobody any more: the clean-up after a client, which has 10 s, or the listening backend. */
    private static final long PATIENCE_MILLIS = 2_000;

    private static final long MOST_SECONDS = 5;

    private final PoolDirectory pools;
    private final AdminActions actions;
    private final DatabaseNames names;

    KillCommands(AdminConsole.Subject subject) {
        this.pools = subject.pools();
        this.actions = new AdminActions(subject.sessions());
        this.names = new DatabaseNames(subject);
    }

    List<Command> commands() {
        return List.of(
                Command.admin(
                        "KILL",
                        Argument.DATABASE_OR_ALL,
                        "Closes every client and backend of a database, or of all, and leaves it paused: RESUME.",
                        this::kill),
                Command.admin(
                        "KILL CLIENT", Argument.CLIENT, "Closes one client (SHOW CLIENTS: id).", this::killClient),
                Command.admin("KILL_CLIENT", Argument.CLIENT, "The same, as PgBouncer spells it.", this::killClient),
                Command.admin(
                        "KILL BACKEND",
                        Argument.BACKEND,
                        "Closes one backend (SHOW SERVERS: remote_pid, or ptr); its client keeps its connection.",
                        this::killBackend));
    }

    private CompletableFuture<Reply> kill(Caller caller, @Nullable String database) {
        String known = names.knownOrAll(database);
        int clients = actions.clients(known);
        pools.pause(known, AdminOrder.now(caller.user()));
        actions.killClients(known);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
        return Wait.until(
                        caller.loop(),
                        () -> System.nanoTime() - end >= 0 || (actions.clients(known) == 0 && open(known) == 0))
                .thenApply(done -> {
                    List<io.pgweir.protocol.wire.ErrorFields> notices = new ArrayList<>();
                    notices.add(ConsoleError.PAUSED_BY_KILL.with(clients, known == null ? "" : " " + known));
                    int left = open(known);
                    if (left > 0) {
                        notices.add(ConsoleError.STILL_CLOSING.with(left));
                    }
                    return new Reply(List.of(), notices);
                });
    }

    private int open(@Nullable String database) {
        return pools.poolsAndListeners(database).stream().mapToInt(Pool::open).sum();
    }

    private CompletableFuture<Reply> killClient(Caller caller, @Nullable String id) {
        String digits = String.valueOf(id).replaceFirst("^c", "");
        boolean number = digits.matches("\\d{1,18}");
        if (!number || !actions.killClient(Long.parseLong(digits))) {
            throw ConsoleError.UNKNOWN_CLIENT.failure(String.valueOf(id));
        }
        return Reply.DONE.now();
    }

    private CompletableFuture<Reply> killBackend(Caller caller, @Nullable String which) {
        String written = String.valueOf(which);
        List<Pool> owners = new ArrayList<>();
        List<BackendConnection> found = new ArrayList<>();
        for (Pool pool : pools.poolsAndListeners()) {
            for (BackendConnection backend : pool.steering().backends()) {
                if (written.equals(String.valueOf(backend.pid())) || written.equals(backend.toString())) {
                    owners.add(pool);
                    found.add(backend);
                }
            }
        }
        if (found.isEmpty()) {
            throw ConsoleError.UNKNOWN_BACKEND.failure(written);
        }
        if (found.size() > 1) {
            throw ConsoleError.AMBIGUOUS_BACKEND.failure(written, found.size());
        }
        BackendConnection backend = found.get(0);
        actions.killBackend(backend);
        owners.get(0).steering().discardIdle(idle -> idle == backend);
        backend.home().loop().schedule(() -> hard(backend), PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        return Wait.until(
                caller.loop(), () -> !owners.get(0).steering().backends().contains(backend));
    }

    private static void hard(BackendConnection backend) {
        backend.channel().close();
    }
}
