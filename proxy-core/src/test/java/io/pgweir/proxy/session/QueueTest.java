package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that wait: their order, and how they leave the queue. What ran is asserted in a table of the database. */
@Timeout(60)
class QueueTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @BeforeEach
    void create() throws Exception {
        database = postgres.createDatabase();
        try (WireClient client = direct()) {
            client.query("CREATE TABLE turns (n serial, who int)");
        }
    }

    @AfterEach
    void drop() throws Exception {
        postgres.dropDatabase(database);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void fiftyClientsAreServedInTheOrderTheyCameWhoeverLeavesInBetween(int loops) throws Exception {
        try (RunningProxy proxy =
                        RunningProxy.before(postgres, "connection_limit", "1", "event_loops", String.valueOf(loops));
                WireClient holder = holder(proxy)) {
            Pool pool = proxy.pool(database, "postgres");
            List<WireClient> clients = new ArrayList<>();
            int leavers = 0;
            for (int i = 0; i < 65; i++) {
                WireClient client = login(proxy);
                clients.add(client);
                client.send(Frontend.query("INSERT INTO turns (who) VALUES (" + i + ")"));
                int waiting = i + 1;
                await().pollInterval(Duration.ofMillis(1)).until(() -> pool.waiting() == waiting);
            }
            List<Integer> staying = new ArrayList<>();
            for (int i = 0; i < 65; i++) {
                switch (i % 13) {
                    case 3 -> clients.get(i).reset();
                    case 7 -> clients.get(i).cancel();
                    case 10 -> clients.get(i).send(Frontend.terminate()).close();
                    default -> staying.add(i);
                }
                leavers += i % 13 == 3 || i % 13 == 7 || i % 13 == 10 ? 1 : 0;
                if (i == 40) {
                    // Those who leave now do so while the others are being served.
                    int left = leavers;
                    await().until(() -> pool.waiting() <= 65 - left);
                    assertThat(holder.query("COMMIT")).endsWith("Z[I]");
                }
            }
            for (int i : staying) {
                assertThat(ServerMessage.transcript(clients.get(i).readUntilReady()))
                        .as("client %d", i)
                        .isEqualTo("C[INSERT 0 1] Z[I]");
            }
            assertThat(staying).hasSize(50);
            proxy.awaitQuiet();
            List<Integer> order = order();
            assertThat(order).isSorted().doesNotHaveDuplicates().containsAll(staying);
            // Who left before the first was served never ran.
            assertThat(order).doesNotContain(3, 7, 10, 16, 20, 23, 29, 33, 36);
            for (WireClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void whoWaitsWhenPgweirIsShutDownIsToldAtOnceAndItsStatementNeverRuns() throws Exception {
        RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
        try (WireClient holder = holder(proxy);
                WireClient waiting = login(proxy)) {
            waiting.send(Frontend.query("INSERT INTO turns (who) VALUES (1)"));
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.waiting() == 1);
            long begin = System.nanoTime();
            var stopped = proxy.proxy().shutdown();
            assertThat(ServerMessage.transcript(waiting.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
            assertThat(stopped).isNotDone();
            assertThat(holder.query("COMMIT")).startsWith("C[COMMIT]");
        } finally {
            proxy.close();
        }
        assertThat(order()).isEmpty();
    }

    @Test
    void whenNoBackendCanBeHadAllWhoWaitAreToldTheServersReasonAtOnce() throws Exception {
        List<Long> millis = new ArrayList<>();
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1")) {
            for (int round = 0; round < 5; round++) {
                List<WireClient> waiting = new ArrayList<>();
                try (WireClient holder = holder(proxy)) {
                    String pid = holder.value("SELECT pg_backend_pid()");
                    for (int i = 0; i < 10; i++) {
                        WireClient client = login(proxy);
                        client.send(Frontend.query("INSERT INTO turns (who) VALUES (1)"));
                        waiting.add(client);
                    }
                    Pool pool = proxy.pool(database, "postgres");
                    await().until(() -> pool.waiting() == 10);
                    postgres.execute("ALTER DATABASE " + database + " ALLOW_CONNECTIONS false");
                    postgres.terminate(Integer.parseInt(pid));
                    await().pollInterval(Duration.ofMillis(1)).until(() -> pool.failure() != null);
                    long known = System.nanoTime();
                    for (WireClient client : waiting) {
                        ServerMessage error = client.readUntilReady().get(0);
                        assertThat(error.fields()).containsEntry('S', "ERROR").containsEntry('C', "57P03");
                        assertThat(error.fields().get('M')).contains("is not currently accepting connections");
                    }
                    millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - known));
                    try (WireClient newcomer = login(proxy)) {
                        long asked = System.nanoTime();
                        assertThat(newcomer.query("SELECT 1"))
                                .startsWith("E[57P03 ")
                                .contains("is not currently accepting connections")
                                .endsWith("Z[I]");
                        millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - asked));
                    }
                    postgres.execute("ALTER DATABASE " + database + " ALLOW_CONNECTIONS true");
                    WireClient first = waiting.get(0);
                    await().pollInterval(Duration.ofMillis(20))
                            .until(() -> first.query("SELECT 1").contains("D[1]"));
                } finally {
                    for (WireClient client : waiting) {
                        client.close();
                    }
                }
                proxy.awaitQuiet();
            }
        }
        assertThat(order()).isEmpty();
        System.out.println("told of the refused connect after " + millis + " ms");
        millis.sort(null);
        assertThat(millis.get(millis.size() / 2)).as("median of %s ms", millis).isLessThan(50);
    }

    private List<Integer> order() throws IOException {
        try (WireClient client = direct()) {
            String all = client.value("SELECT coalesce(string_agg(who::text, ' ' ORDER BY n), '') FROM turns");
            List<Integer> order = new ArrayList<>();
            for (String who : String.valueOf(all).split(" ")) {
                if (!who.isEmpty()) {
                    order.add(Integer.valueOf(who));
                }
            }
            return order;
        }
    }

    private WireClient holder(RunningProxy proxy) throws IOException {
        WireClient client = login(proxy);
        client.query("BEGIN");
        client.query("SELECT 1");
        return client;
    }

    private WireClient direct() throws IOException {
        return WireClient.login(
                postgres.host(), postgres.port(), database, postgres.superuser(), postgres.superuserPassword());
    }

    private WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
