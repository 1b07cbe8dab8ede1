package io.pgweir.proxy.http;

import io.netty.channel.EventLoop;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client could be served, by any of the configured databases. That a pool or its queue is full is no reason to
 * say no: more clients elsewhere would not get more out of the same database.
 *
 * <p>Nothing is checked unless somebody asks. Who asks while nothing is proved waits for the outcome, but not for long.
 * Used on one thread, the loop.
 */
final class Readiness implements AutoCloseable {
    /** Less than the second that is the usual patience of those who ask. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private static final long LOOK_AGAIN_MILLIS = 10;
    private static final int CHECKERS = 4;
    private static final int LONGEST_CAUSE = 400;

    private final Sessions sessions;
    private final Heartbeats heartbeats;
    private final EventLoop loop;
    private final ThreadPoolExecutor checkers;
    private final List<DatabaseWatch> databases = new ArrayList<>();

    /** @param cause one line; empty when ready */
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
        directory.databases().forEach(database -> databases.add(new DatabaseWatch(directory, database, checkers)));
    }

    /** Completes on the loop, within half a second. */
    CompletableFuture<Verdict> check() {
        CompletableFuture<Verdict> result = new CompletableFuture<>();
        look(true, System.nanoTime() + PATIENCE.toNanos(), result);
        return result;
    }

    private void look(boolean first, long end, CompletableFuture<Verdict> result) {
        Verdict verdict = verdict(first);
        if (verdict.ready() || !isPending() || System.nanoTime() - end >= 0) {
            result.complete(verdict);
        } else {
            loop.schedule(() -> look(false, end, result), LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean isPending() {
        return databases.stream().anyMatch(DatabaseWatch::isPending);
    }

    private Verdict verdict(boolean look) {
        if (sessions.isDraining()) {
            return no("pgweir is shutting down");
        }
        List<String> stuck = heartbeats.stuck();
        if (stuck.size() == heartbeats.loops()) {
            return no(String.join("; ", stuck));
        }
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
