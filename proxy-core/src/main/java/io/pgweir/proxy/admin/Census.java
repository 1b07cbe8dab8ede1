package io.pgweir.proxy.admin;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.ClientCensus;
import io.pgweir.proxy.session.ClientSnapshot;
import io.pgweir.proxy.session.ClientSnapshot.Endpoint;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.session.StatementCensus;
import io.pgweir.proxy.statistics.StatementReport;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Asks each event loop for the clients and backends that it owns: for the console and for the pages over HTTP. Thread-safe. */
public final class Census {
    private static final int PATIENCE_SECONDS = 5;

    private final Sessions sessions;
    private final PoolDirectory pools;
    private final EventLoops loops;

    public Census(Sessions sessions, PoolDirectory pools, EventLoops loops) {
        this.sessions = sessions;
        this.pools = pools;
        this.loops = loops;
    }

    /**
     * One backend at one moment.
     *
     * @param state PgBouncer's word for it
     * @param holder who has it; null: nobody, or it changed hands at the moment
     */
    public record Backend(
            Pool pool,
            BackendConnection connection,
            String state,
            @Nullable Holder holder,
            String application,
            Endpoint local) {}

    /**
     * Everybody at about one moment.
     *
     * @param clientsByBackend by {@link ClientSnapshot#backend}
     */
    public record People(
            List<ClientSnapshot> clients, Map<String, ClientSnapshot> clientsByBackend, List<Backend> backends) {}

    CompletableFuture<StatementReport> statements() {
        return inTime(StatementCensus.of(loops, ForkJoinPool.commonPool()));
    }

    CompletableFuture<Void> resetStatements() {
        return inTime(StatementCensus.reset(loops));
    }

    CompletableFuture<List<ClientSnapshot>> clients() {
        return inTime(ClientCensus.of(sessions));
    }

    /**
     * All clients past their login and all open backends. Completes on one of the loops, or fails within 5 s with
     * a {@link ConsoleFailure}, if a loop does not turn.
     */
    public CompletableFuture<People> everybody() {
        CompletableFuture<List<Backend>> backends = backends();
        return clients().thenCombine(backends, (clients, found) -> {
            Map<String, ClientSnapshot> byBackend = clients.stream()
                    .filter(client -> !client.backend().isEmpty())
                    .collect(Collectors.toMap(ClientSnapshot::backend, Function.identity(), (a, b) -> a, HashMap::new));
            return new People(clients, byBackend, found);
        });
    }

    private CompletableFuture<List<Backend>> backends() {
        Map<BackendConnection, Pool> all = new LinkedHashMap<>();
        for (Pool pool : pools.poolsAndListeners()) {
            pool.steering().backends().forEach(backend -> all.put(backend, pool));
        }
        Map<BackendConnection, Backend> seen = new ConcurrentHashMap<>();
        // Twice: what changed hands at the first time has been given to somebody at the second.
        CompletableFuture<List<Backend>> result = look(all, seen)
                .thenCompose(done -> look(all, seen))
                .thenApply(done -> all.entrySet().stream()
                        .map(entry -> seen.computeIfAbsent(
                                entry.getKey(),
                                backend -> new Backend(entry.getValue(), backend, "active", null, "", local(backend))))
                        .toList());
        return inTime(result);
    }

    private CompletableFuture<Void> look(Map<BackendConnection, Pool> all, Map<BackendConnection, Backend> seen) {
        return CompletableFuture.allOf(loops.contexts().stream()
                .map(loop -> CompletableFuture.runAsync(() -> look(loop, all, seen), loop.loop()))
                .toArray(CompletableFuture[]::new));
    }

    private static void look(LoopContext loop, Map<BackendConnection, Pool> all, Map<BackendConnection, Backend> seen) {
        StatementBook book = new StatementBook();
        all.forEach((backend, pool) -> {
            if (backend.owner() == loop.loop() && !seen.containsKey(backend)) {
                Holder holder = backend.holder(book);
                String application = backend.parameters().get("application_name");
                seen.put(
                        backend,
                        new Backend(
                                pool,
                                backend,
                                state(backend, holder),
                                holder,
                                application == null ? "" : application,
                                local(backend)));
            }
        });
    }

    private static String state(BackendConnection backend, @Nullable Holder holder) {
        if (holder == null) {
            return backend.isSettled() ? "idle" : "tested";
        }
        return switch (holder.state()) {
            case RESETTING -> "tested";
            case CONNECTING -> "new";
            default -> "active";
        };
    }

    private static Endpoint local(BackendConnection backend) {
        return Endpoint.of(backend.channel().localAddress());
    }

    /** A loop that does not turn must not hold up whoever wants to know why. */
    private static <T> CompletableFuture<T> inTime(CompletableFuture<T> answer) {
        return answer.copy().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).exceptionallyCompose(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return CompletableFuture.failedFuture(
                    cause instanceof TimeoutException ? ConsoleError.NO_ANSWER.failure(PATIENCE_SECONDS) : cause);
        });
    }
}
