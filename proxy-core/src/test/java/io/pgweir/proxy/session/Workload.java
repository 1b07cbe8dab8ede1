package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Clients that append numbered rows, each statement a transaction of its own that takes some milliseconds, without ever connecting
 * anew. What became of each row is checked afterwards: acknowledged ones are there once, others at most once.
 */
final class Workload implements AutoCloseable {
    /** One failed statement. */
    record Failure(long at, long tookNanos, String code, String message) {}

    /** So long each statement takes, so that the number of backends says how much is done, and not the machine. */
    private static final String TAKES_SECONDS = "0.005";

    private static final long PAUSE_AFTER_ERROR_NANOS = 5_000_000;

    private final List<Worker> workers = new ArrayList<>();
    private volatile boolean stopping;

    private static final class Worker extends Thread {
        private final int number;
        private final WireClient client;
        private final Supplier<Boolean> stopping;
        private final List<Integer> acknowledged = new ArrayList<>();
        private final List<Failure> failures = new ArrayList<>();
        private final List<Long> successes = new ArrayList<>();
        private volatile long lastSuccess;
        private volatile long slowest;
        private volatile String broken = "";

        Worker(int number, WireClient client, Supplier<Boolean> stopping) {
            this.number = number;
            this.client = client;
            this.stopping = stopping;
        }

        @Override
        public void run() {
            try {
                for (int n = 0; !stopping.get(); n++) {
                    append(n);
                }
            } catch (IOException | RuntimeException | AssertionError e) {
                broken = e.toString();
            }
        }

        private void append(int n) throws IOException {
            long begin = System.nanoTime();
            client.send(Frontend.query(
                    "INSERT INTO rows SELECT " + number + ", " + n + " FROM pg_sleep(" + TAKES_SECONDS + ")"));
            List<ServerMessage> answer = client.readUntilReady();
            long now = System.nanoTime();
            slowest = Math.max(slowest, now - begin);
            List<ServerMessage> errors =
                    answer.stream().filter(message -> message.type() == 'E').toList();
            if (errors.isEmpty()) {
                acknowledged.add(n);
                synchronized (successes) {
                    successes.add(now);
                }
                lastSuccess = now;
                return;
            }
            assertThat(errors).as("for one statement").hasSize(1);
            Map<Character, String> error = errors.get(0).fields();
            synchronized (failures) {
                failures.add(
                        new Failure(now, now - begin, String.valueOf(error.get('C')), String.valueOf(error.get('M'))));
            }
            LockSupport.parkNanos(PAUSE_AFTER_ERROR_NANOS);
        }
    }

    Workload(int clients, String host, int port) throws IOException {
        try (WireClient setUp = login(host, port)) {
            setUp.query("DROP TABLE IF EXISTS rows");
            setUp.query("CREATE TABLE rows (client int, n int)");
        }
        for (int i = 0; i < clients; i++) {
            Worker worker = new Worker(i, login(host, port), () -> stopping);
            workers.add(worker);
            worker.start();
        }
    }

    private static WireClient login(String host, int port) throws IOException {
        return WireClient.login(host, port, "postgres", "postgres", null);
    }

    /** Clients that have had a success since {@code nanoTime}. */
    long servedSince(long nanoTime) {
        return workers.stream().filter(w -> w.lastSuccess - nanoTime > 0).count();
    }

    /** Rows acknowledged in this time. */
    long successes(long from, long to) {
        long count = 0;
        for (Worker worker : workers) {
            synchronized (worker.successes) {
                count += worker.successes.stream()
                        .filter(at -> at - from >= 0 && at - to < 0)
                        .count();
            }
        }
        return count;
    }

    /** When the first row after {@code nanoTime} was acknowledged; there must be one. */
    long firstSuccessSince(long nanoTime) {
        long first = Long.MAX_VALUE;
        for (Worker worker : workers) {
            synchronized (worker.successes) {
                first = worker.successes.stream()
                        .filter(at -> at - nanoTime > 0)
                        .reduce(first, Math::min);
            }
        }
        return first;
    }

    /** Rows acknowledged so far. */
    long acknowledged() {
        return successes(Long.MIN_VALUE / 2 + System.nanoTime(), System.nanoTime());
    }

    /** Longest time to an answer, in nanoseconds. */
    long slowest() {
        return workers.stream().mapToLong(worker -> worker.slowest).max().orElse(0);
    }

    int clients() {
        return workers.size();
    }

    List<Failure> failures() {
        List<Failure> all = new ArrayList<>();
        for (Worker worker : workers) {
            synchronized (worker.failures) {
                all.addAll(worker.failures);
            }
        }
        return all;
    }

    /** How many failures have this code. */
    long failures(String code) {
        return failures().stream().filter(f -> f.code().equals(code)).count();
    }

    /** The largest number of failures with this code that one client had. */
    long mostOfOneClient(String code) {
        return workers.stream()
                .mapToLong(worker -> {
                    synchronized (worker.failures) {
                        return worker.failures.stream()
                                .filter(f -> f.code().equals(code))
                                .count();
                    }
                })
                .max()
                .orElse(0);
    }

    Map<String, Integer> codes() {
        Map<String, Integer> codes = new TreeMap<>();
        failures().forEach(failure -> codes.merge(failure.code(), 1, Integer::sum));
        return codes;
    }

    /** Ends the work and checks every row at {@code direct}, past the proxy. Returns how many were acknowledged. */
    int stopAndCheck(WireClient direct) throws IOException {
        stopping = true;
        int acknowledged = 0;
        for (Worker worker : workers) {
            try {
                worker.join(TimeUnit.SECONDS.toMillis(20));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThat(worker.isAlive())
                    .as("client %d is still waiting", worker.number)
                    .isFalse();
            assertThat(worker.broken).as("socket of client %d", worker.number).isEmpty();
            acknowledged += worker.acknowledged.size();
        }
        assertThat(direct.value("SELECT count(*) FROM (SELECT 1 FROM rows GROUP BY client, n HAVING count(*) > 1) d"))
                .as("rows that are there twice")
                .isEqualTo("0");
        for (Worker worker : workers) {
            String there =
                    direct.value("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM rows WHERE client = "
                            + worker.number);
            List<String> found = List.of(String.valueOf(there).split(","));
            assertThat(found)
                    .as("acknowledged rows of client %d", worker.number)
                    .containsAll(
                            worker.acknowledged.stream().map(String::valueOf).toList());
        }
        return acknowledged;
    }

    @Override
    public void close() throws IOException {
        stopping = true;
        for (Worker worker : workers) {
            worker.client.close();
        }
    }
}
