package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * One process is replaced by another while a crowd of clients far away is connected, most of them idle at any time; all of them
 * come back at once. {@code -Dpgweir.crowd.clients=2000} for a larger one, {@code -Dpgweir.crowd.delay} in milliseconds, each way.
 */
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class UpgradeCrowdIT {
    private static final int CLIENTS = Integer.getInteger("pgweir.crowd.clients", 150);
    private static final long DELAY_MILLIS = Long.getLong("pgweir.crowd.delay", 20);
    /** Between two statements of one client, on average. */
    private static final int PAUSE_MILLIS = Math.max(1_000, 2 * CLIENTS);

    private static final int CLIENT_STACK_BYTES = 256 << 10;
    private static final String ROWS =
            "select count(*) || ' rows, ' || count(distinct (client, number)) || ' different' from ledger";
    private static final RealPostgres POSTGRES = RealPostgres.get();

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final List<Member> crowd = new ArrayList<>();
    private volatile boolean stopped;

    @Test
    void aCrowdThatComesBackAtOnceLosesNoStatement() throws Exception {
        String database = POSTGRES.createDatabase();
        int port = PgweirProcess.freePort();
        try (PgweirProcess old = PgweirProcess.sharing(port, POSTGRES);
                DelayingRelay way = new DelayingRelay(port, DELAY_MILLIS)) {
            try (WireClient setUp = old.login(database)) {
                setUp.query("create table ledger(client int, number int)");
                setUp.send(Frontend.terminate());
            }
            for (int i = 0; i < CLIENTS; i++) {
                crowd.add(new Member(i, way.port(), database));
            }
            await().atMost(Duration.ofSeconds(120)).until(() -> crowd.stream().allMatch(m -> m.done > 0 || m.failed()));
            try (PgweirProcess next = PgweirProcess.sharing(port, POSTGRES)) {
                try (WireClient newcomer = next.login(database)) {
                    assertThat(newcomer.value("select 1")).isEqualTo("1");
                }
                long begin = System.nanoTime();
                old.terminate();
                assertThat(old.exitCode()).as(old.output()).isZero();
                long ended = System.nanoTime();
                assertThat(old.output()).contains("stopped").doesNotContain("shutdown_timeout is over");
                await().atMost(Duration.ofSeconds(120))
                        .until(() -> crowd.stream().allMatch(m -> m.answeredAt - ended > 0 || m.failed()));
                stopped = true;
                for (Member member : crowd) {
                    member.join();
                }
                report(begin, ended);
                assertThat(crowd.stream().flatMap(m -> m.failures.stream())).isEmpty();
                assertThat(crowd).as("told to go once").allMatch(m -> m.toldToGo + m.crossed.size() == 1);
                long done = crowd.stream().mapToLong(m -> m.done).sum();
                assertThat(value(database, ROWS)).isEqualTo(done + " rows, " + done + " different");
                assertThat(value(database, "select count(*) from ledger where " + crossed()))
                        .as("statements that met the end of their connection")
                        .isEqualTo("0");
            }
        } finally {
            stopped = true;
            POSTGRES.dropDatabase(database);
        }
    }

    private static @Nullable String value(String database, String sql) throws IOException {
        try (WireClient direct = WireClient.login(
                POSTGRES.host(), POSTGRES.port(), database, POSTGRES.superuser(), POSTGRES.superuserPassword())) {
            return direct.value(sql);
        }
    }

    /** The condition for rows of statements that met the end of their connection. */
    private String crossed() {
        return crowd.stream()
                .flatMap(m ->
                        m.crossed.stream().map(number -> "(client = " + m.number + " and number = " + number + ")"))
                .reduce("false", (all, one) -> all + " or " + one);
    }

    private void report(long begin, long ended) {
        System.out.printf(
                "crowd: %d clients, %d ms each way, seed %d: %d statements, %d connects, slowest %d ms; told to go while idle %d,"
                        + " in place of an answer %d; the old process ended after %d ms, last client back after %d ms; failed %d%n",
                CLIENTS,
                DELAY_MILLIS,
                seed,
                crowd.stream().mapToLong(m -> m.done).sum(),
                crowd.stream().mapToLong(m -> m.connects).sum(),
                crowd.stream().mapToLong(m -> m.slowestConnect).max().orElse(0) / 1_000_000,
                crowd.stream().mapToLong(m -> m.toldToGo).sum(),
                crowd.stream().mapToLong(m -> m.crossed.size()).sum(),
                TimeUnit.NANOSECONDS.toMillis(ended - begin),
                TimeUnit.NANOSECONDS.toMillis(crowd.stream()
                        .mapToLong(m -> m.connectedAt - begin)
                        .max()
                        .orElse(0)),
                crowd.stream().mapToLong(m -> m.failures.size()).sum());
    }

    /** A client that pauses, and comes back at once when it is told to go. */
    private final class Member {
        private final int number;
        private final int port;
        private final String database;
        private final Random random;
        private final Thread thread;
        private final List<String> failures = new CopyOnWriteArrayList<>();
        private final List<Integer> crossed = new CopyOnWriteArrayList<>();
        private volatile long answeredAt;
        private volatile long connectedAt;
        private volatile long slowestConnect;
        private volatile int done;
        private volatile int connects;
        private volatile int toldToGo;
        private int next;

        Member(int number, int port, String database) {
            this.number = number;
            this.port = port;
            this.database = database;
            this.random = new Random(seed + number);
            this.thread = new Thread(null, this::run, "crowd-" + number, CLIENT_STACK_BYTES);
            thread.start();
        }

        private void run() {
            try {
                WireClient client = connect();
                while (!stopped) {
                    client = insert(client);
                    ServerMessage unasked = client.poll(Duration.ofMillis(random.nextInt(2 * PAUSE_MILLIS)));
                    if (unasked != null) {
                        expectGoodbye(unasked.toString());
                        toldToGo++;
                        client.close();
                        client = connect();
                    }
                }
                client.send(Frontend.terminate());
                client.close();
            } catch (IOException | RuntimeException e) {
                failures.add("client " + number + ": " + e);
            }
        }

        private WireClient connect() throws IOException {
            long begin = System.nanoTime();
            WireClient client = WireClient.login("127.0.0.1", port, database, "postgres", null);
            connectedAt = System.nanoTime();
            slowestConnect = Math.max(slowestConnect, connectedAt - begin);
            connects++;
            return client;
        }

        private WireClient insert(WireClient client) throws IOException {
            client.send(Frontend.query("insert into ledger values (" + number + ", " + next + ")"));
            String first = client.read().toString();
            if (first.startsWith("C[INSERT 0 1]")) {
                client.read(); // ReadyForQuery
                done++;
                next++;
                answeredAt = System.nanoTime();
                return client;
            }
            expectGoodbye(first); // on its way when the statement was sent
            crossed.add(next++);
            client.close();
            return connect();
        }

        private void expectGoodbye(@Nullable String message) throws IOException {
            if (message == null || !message.startsWith("E[57P01")) {
                throw new IOException("unexpected: " + message);
            }
        }

        boolean failed() {
            return !failures.isEmpty();
        }

        void join() throws InterruptedException {
            thread.join(TimeUnit.SECONDS.toMillis(60));
        }
    }
}
