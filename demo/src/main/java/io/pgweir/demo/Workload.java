package io.pgweir.demo;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** Many {@link SampleClient}s at once, one thread and one connection each, with a pause between requests. */
final class Workload implements AutoCloseable {

    private static final int SHORTEST_PAUSE_MILLIS = 100;
    private static final int LONGEST_PAUSE_MILLIS = 400;
    private static final int PAUSE_AFTER_ERROR_MILLIS = 1000;
    private static final int STOP_MILLIS = 5000;

    private final String url;
    private final Statistics statistics;
    private final AtomicInteger connected = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    /** @param url JDBC URL of the demo's database, without credentials */
    Workload(String url, Statistics statistics) {
        this.url = url;
        this.statistics = statistics;
    }

    void start(int clients) {
        for (int i = 0; i < clients; i++) {
            int userId = 1 + i % SampleData.USERS;
            Thread thread = new Thread(() -> run(userId), "demo-client-" + userId);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    /** Clients that are logged in now. */
    int connected() {
        return connected.get();
    }

    /** Lets every client finish the request it is in, for a few seconds at most. */
    @Override
    public void close() {
        stopping = true;
        long deadline = System.nanoTime() + STOP_MILLIS * 1_000_000L;
        for (Thread thread : threads) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            try {
                thread.join(Math.max(left, 1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void run(int userId) {
        Random random = new Random(userId);
        while (!stopping) {
            try (Connection connection = DriverManager.getConnection(url, EmbeddedServer.NAME, EmbeddedServer.NAME)) {
                connected.incrementAndGet();
                try {
                    requests(new SampleClient(connection, userId, random, statistics), random);
                } finally {
                    connected.decrementAndGet();
                }
            } catch (SQLException e) {
                failed(e);
                pause(PAUSE_AFTER_ERROR_MILLIS);
            }
        }
    }

    private void requests(SampleClient client, Random random) throws SQLException {
        while (!stopping) {
            client.request();
            pause(SHORTEST_PAUSE_MILLIS + random.nextInt(LONGEST_PAUSE_MILLIS - SHORTEST_PAUSE_MILLIS));
        }
    }

    /** Tells each kind of error once; a demo that prints a thousand times the same line explains nothing. */
    private void failed(SQLException e) {
        if (!stopping && statistics.failed(String.valueOf(e.getSQLState()))) {
            System.out.println("  error " + e.getSQLState() + ": " + e.getMessage());
        }
    }

    private void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            stopping = true;
        }
    }
}
