package io.pgweir.cli;

import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A client that inserts numbered rows without a pause, and notes what fails. */
final class UpgradeClient {
    private final int number;
    private final int port;
    private final String database;
    private final boolean keeps;
    private final Thread thread;
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private volatile boolean stopped;
    private volatile long answeredAt = System.nanoTime();
    private volatile long done;
    private volatile long connects;
    private volatile long toldToGo;

    private UpgradeClient(int number, int port, String database, boolean keeps) {
        this.number = number;
        this.port = port;
        this.database = database;
        this.keeps = keeps;
        this.thread = new Thread(this::run, "upgrade-client-" + number);
        thread.start();
    }

    static UpgradeClient connectingForEachStatement(int number, int port, String database) {
        return new UpgradeClient(number, port, database, false);
    }

    static UpgradeClient keepingItsConnection(int number, int port, String database) {
        return new UpgradeClient(number, port, database, true);
    }

    private void run() {
        WireClient client = null;
        while (!stopped && failures.size() < 10) {
            try {
                if (client != null && (!keeps || isToldToGo(client))) {
                    client.send(Frontend.terminate());
                    client.close();
                    client = null;
                }
                if (client == null) {
                    client = WireClient.login("127.0.0.1", port, database, "postgres", null);
                    connects++;
                }
                long sentAt = System.nanoTime();
                String answer = answer(client, "insert into ledger values (" + number + ", " + (done + 1) + ")");
                if (answer.equals("C[INSERT 0 1] Z[I]")) {
                    done++;
                    answeredAt = System.nanoTime();
                } else {
                    failures.add(answer + ", sent " + (sentAt - answeredAt) / 1000 + " us after the last answer");
                    client = null;
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e.toString());
                client = null;
            }
        }
        close(client);
    }

    /** What comes up to the next ReadyForQuery, or to the end of the connection. */
    private static String answer(WireClient client, String sql) throws IOException {
        client.send(Frontend.query(sql));
        List<ServerMessage> messages = new ArrayList<>();
        try {
            do {
                messages.add(client.read());
            } while (messages.get(messages.size() - 1).type() != 'Z');
            return ServerMessage.transcript(messages);
        } catch (IOException e) {
            return ServerMessage.transcript(messages) + " " + e;
        }
    }

    /** Whether something has come that was not asked for; it must be FATAL 57P01. */
    private boolean isToldToGo(WireClient client) throws IOException {
        if (!client.hasUnread()) {
            return false;
        }
        String last = ServerMessage.transcript(client.readUntilClosed());
        if (!last.startsWith("E[57P01 ")) {
            throw new IOException("unexpected: " + last);
        }
        toldToGo++;
        return true;
    }

    private static void close(@Nullable WireClient client) {
        if (client != null) {
            try {
                client.close();
            } catch (IOException ignored) {
                // it is over anyway
            }
        }
    }

    int number() {
        return number;
    }

    /** Statements that were answered as they should be. */
    long done() {
        return done;
    }

    long connects() {
        return connects;
    }

    long toldToGo() {
        return toldToGo;
    }

    List<String> failures() {
        return failures;
    }

    /** Waits until a client that keeps its connection has been told to go so many times, or for a failure. */
    void awaitToldToGo(long times) {
        await().until(() -> !keeps || toldToGo >= times || !failures.isEmpty());
    }

    /** Waits for statements after this moment, or for a failure. */
    void awaitAnother() {
        long before = done;
        await().until(() -> done > before + 1 || !failures.isEmpty());
    }

    void stop() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
