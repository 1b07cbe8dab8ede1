package io.pgweir.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Starts the parts of the demo one after the other, reports on them, and stops them in reverse order. {@link #run} is
 * called by the main thread, {@link #stop} by any thread, the shutdown hook's for one; a stop during the start waits for
 * the part that is starting, so that nothing is left behind.
 */
final class DemoRun {

    private static final int REPORT_SECONDS = 3;

    private final DemoOptions options;
    private final Statistics statistics = new Statistics();
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private volatile boolean stopping;
    private @Nullable EmbeddedServer server;
    private @Nullable Workload workload;

    DemoRun(DemoOptions options) {
        this.options = options;
    }

    /** Returns when the time is over or {@link #stop} was called. */
    void run() throws DemoFailure {
        freePort(options.port(), "--port");
        freePort(options.http(), "--http");
        startServer();
        startProxy();
        startWorkload();
        tellWhere();
        try {
            report();
        } catch (SQLException e) {
            if (!stopping) {
                throw new DemoFailure("the database of the demo is gone: " + e.getMessage(), e);
            }
        }
    }

    /** Stops what runs. Does nothing the second time. */
    void stop() {
        stopping = true; // before waiting for the lock, so that a start under way does not go on to its next part
        stopParts();
    }

    private synchronized void stopParts() {
        notifyAll();
        if (parts.isEmpty()) {
            return;
        }
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                System.err.println("demo: while stopping: " + e);
            }
        }
        System.out.println("demo: stopped, nothing is left running and no temporary file is left behind");
    }

    boolean stopping() {
        return stopping;
    }

    /** The last line of a run that ended by itself. */
    String summary() {
        String result = statistics.errors() == 0 ? "ok" : "failed";
        return "demo: %s, %d statements, %d errors".formatted(result, statistics.statements(), statistics.errors());
    }

    boolean succeeded() {
        return statistics.errors() == 0 && (options.clients() == 0 || statistics.statements() > 0);
    }

    private synchronized void startServer() throws DemoFailure {
        if (stopping) {
            return;
        }
        say("starting PostgreSQL from embedded binaries (a few seconds)");
        EmbeddedServer started = EmbeddedServer.start();
        parts.push(started);
        server = started;
        try {
            say("PostgreSQL " + started.version() + " answers on 127.0.0.1:" + started.port());
            if (options.clients() > 0 && !stopping) {
                try (Connection connection = started.connect()) {
                    SampleData.create(connection);
                }
                say("created a sample course platform: " + SampleData.USERS + " users, " + SampleData.COURSES
                        + " courses");
            }
        } catch (SQLException e) {
            throw new DemoFailure("the embedded PostgreSQL does not answer: " + e.getMessage(), e);
        }
    }

    private synchronized void startProxy() throws DemoFailure {
        if (stopping || server == null) {
            return;
        }
        parts.push(DemoProxy.start(server.port(), options));
        say(
                "pgweir listens on 127.0.0.1:%d with connection_limit=%d, dashboard, health and metrics on http://127.0.0.1:%d/"
                        .formatted(options.port(), options.connectionLimit(), options.http()));
    }

    private synchronized void startWorkload() {
        if (stopping || options.clients() == 0) {
            return;
        }
        workload =
                new Workload("jdbc:postgresql://127.0.0.1:" + options.port() + "/" + EmbeddedServer.NAME, statistics);
        parts.push(workload);
        workload.start(options.clients());
        say(options.clients() + " clients start to work through at most " + options.connectionLimit() + " backends");
    }

    private synchronized void tellWhere() {
        if (stopping || server == null) {
            return;
        }
        System.out.printf("""

                  Point your application here:
                    DATABASE_URL=postgresql://demo:demo@127.0.0.1:%d/demo
                  The database itself, past the proxy:
                    DIRECT_URL=postgresql://demo:demo@127.0.0.1:%d/demo
                  Ctrl-C stops everything.

                """, options.port(), server.port());
        System.out.flush();
    }

    private void report() throws SQLException {
        EmbeddedServer watched = server;
        long end = options.seconds() == 0 ? Long.MAX_VALUE : options.seconds() * 1_000_000_000L;
        if (watched == null || workload == null) {
            sleep(end); // without a connection of its own: whoever uses the database may want to count them
            return;
        }
        long start = System.nanoTime();
        try (BackendCount backends = new BackendCount(watched.connect())) {
            long last = start;
            long statements = 0;
            while (sleep(Math.min(REPORT_SECONDS * 1_000_000_000L, end - (System.nanoTime() - start)))) {
                long now = System.nanoTime();
                long total = statistics.statements();
                System.out.println(line(now - start, backends.now(), (total - statements) * 1e9 / (now - last)));
                if (total == statements && now - last >= REPORT_SECONDS * 1_000_000_000L) {
                    statistics.failed("stall"); // a hundred clients, and not one statement: that is no success
                }
                if (now - start >= end) {
                    return;
                }
                last = now;
                statements = total;
            }
        }
    }

    private String line(long elapsedNanos, int backends, double perSecond) {
        return String.format(
                Locale.ROOT,
                "  %4d s  %d clients on %d backends  %.0f statements/s  slowest %d ms with its wait  %d errors",
                elapsedNanos / 1_000_000_000L,
                workload == null ? 0 : workload.connected(),
                backends,
                perSecond,
                statistics.takeSlowestMillis(),
                statistics.errors());
    }

    /** False when the demo is stopping. */
    private synchronized boolean sleep(long nanos) {
        long start = System.nanoTime();
        try {
            for (long left = nanos; left > 0 && !stopping; left = nanos - (System.nanoTime() - start)) {
                wait(left / 1_000_000 + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !stopping;
    }

    private static void freePort(int port, String flag) throws DemoFailure {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new DemoFailure("port " + port + " is not free (" + e.getMessage()
                    + "): stop the program that uses it, or choose another with " + flag);
        }
    }

    private static void say(String step) {
        System.out.println("demo: " + step);
    }
}
