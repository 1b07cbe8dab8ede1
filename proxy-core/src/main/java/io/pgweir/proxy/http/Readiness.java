package io.pgweir.proxy.http;

import io.netty.channel.EventLoop;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.DatabaseConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client could be served, by any of the configured databases. That a pool or its queue is full is no reason to
 * say no: more clients elsewhere would not get more out of the same database.
 *
 * <p>Nothing is checked unless somebody asks, or has asked within the last four seconds and got an answer that the last look
 * contradicts ({@link SteadyReadiness}). Who asks while nothing is proved waits for the outcome, but not for long.
 * Used on one thread, the loop.
 */
final class Readiness implements AutoCloseable {
    /** Less than the second that is the usual patience of those who ask. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private static final long LOOK_AGAIN_MILLIS = 10;
    /** How often, and how long after the last question, it looks again in doubt. */
    private static final long FOLLOW_UP_MILLIS = 100;

    private static final Duration FOLLOW_UP = Duration.ofSeconds(4);
    private static final int CHECKERS = 4;
    private static final int LONGEST_CAUSE = 400;

    private final Sessions sessions;
    private final Heartbeats heartbeats;
    private final EventLoop loop;
    private final ThreadPoolExecutor checkers;
    private final PoolDirectory directory;
    private List<DatabaseConfig> configured = List.of();
    private List<DatabaseWatch> databases = List.of();
    private final SteadyReadiness steady = new SteadyReadiness(System::nanoTime);
    private long askedAt;
    private boolean following;

    /** @param cause one line; when ready: what would make it not ready if it lasts, mostly empty */
    record Verdict(boolean ready, String cause) {}

    Readiness(PoolDirectory directory, Sessions sessions, Heartbeats heartbeats, EventLoop loop) {
        this.sessions = sessions;
        this.heartbeats = heartbeats;
        this.loop = loop;
        this.checkers =
                new ThreadPoolExecutor(CHECKERS, CHECKERS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "pgweir-server-check");
                    thread.setDaemon(true);
                    return thread;
                });
        checkers.allowCoreThreadTimeOut(true);
        this.directory = directory;
        watchWhatIsConfigured();
    }

    private void watchWhatIsConfigured() {
        List<DatabaseConfig> now = directory.databases();
        if (now == configured) {
            return;
        }
        Map<DatabaseConfig, DatabaseWatch> known =
                databases.stream().collect(Collectors.toMap(DatabaseWatch::database, Function.identity()));
        databases = now.stream()
                .map(database -> known.getOrDefault(database, new DatabaseWatch(directory, database, checkers)))
                .toList();
        configured = now;
    }

    /** Completes on the loop, within half a second. */
    CompletableFuture<Verdict> check() {
        askedAt = System.nanoTime();
        return find();
    }

    private CompletableFuture<Verdict> find() {
        watchWhatIsConfigured();
        CompletableFuture<Verdict> result = new CompletableFuture<>();
        look(true, System.nanoTime() + PATIENCE.toNanos(), result);
        return result;
    }

    private void look(boolean first, long end, CompletableFuture<Verdict> result) {
        Verdict certain = certain();
        if (certain != null) {
            result.complete(certain);
            return;
        }
        Verdict verdict = verdict(first);
        if (verdict.ready() || !isPending() || System.nanoTime() - end >= 0) {
            result.complete(steady.settle(verdict, verdict.ready() ? 0 : outageNanos()));
            followUp();
        } else {
            loop.schedule(() -> look(false, end, result), LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** In doubt it looks again without being asked, for a while: else the next to ask would decide by two looks. */
    private void followUp() {
        if (!following && steady.isInDoubt() && System.nanoTime() - askedAt < FOLLOW_UP.toNanos()) {
            following = true;
            loop.schedule(
                    () -> {
                        following = false;
                        find();
                    },
                    FOLLOW_UP_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** For how long the servers of every database have been known to be down. */
    private long outageNanos() {
        return databases.stream().mapToLong(DatabaseWatch::outageNanos).min().orElse(0);
    }

    private boolean isPending() {
        return databases.stream().anyMatch(DatabaseWatch::isPending);
    }

    /** What needs no second look; null: nothing of the kind. */
    private @Nullable Verdict certain() {
        if (sessions.isDraining()) {
            return no("pgweir is shutting down");
        }
        AdminOrder out = sessions.outOfService();
        if (out != null) {
            return no("taken out of service " + out.words() + " (DRAIN)");
        }
        List<String> stuck = heartbeats.stuck();
        return stuck.size() == heartbeats.loops() ? no(String.join("; ", stuck)) : null;
    }

    private Verdict verdict(boolean look) {
        String problem = null;
        int problems = 0;
        for (DatabaseWatch database : databases) {
            String found = database.problem(look);
            if (found == null) {
                return new Verdict(true, "");
            }
            problem = problem == null ? found : problem;
            problems++;
        }
        return no(problem + (problems > 1 ? "; nor can the other " + (problems - 1) + " be reached" : ""));
    }

    private static Verdict no(@Nullable String cause) {
        String line = String.valueOf(cause).replaceAll("\\s*[\\r\\n]+\\s*", " ");
        return new Verdict(false, line.length() <= LONGEST_CAUSE ? line : line.substring(0, LONGEST_CAUSE) + "…");
    }

    @Override
    public void close() {
        checkers.shutdownNow();
    }
}
