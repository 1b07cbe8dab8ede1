package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client sees of the pool when it gets no backend. */
@Timeout(60)
class PoolErrorsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    /** A client in a transaction, which holds a backend. */
    private static WireClient holder(RunningProxy proxy) throws IOException {
        WireClient client = login(proxy);
        client.query("begin");
        client.query("select 1");
        return client;
    }

    @Test
    void poolTimeoutIsAnErrorWithTheNumbersAndTheConnectionStaysUsable() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "2", "pool_timeout", "400ms");
                WireClient one = holder(proxy);
                WireClient two = holder(proxy);
                WireClient late = login(proxy)) {
            long begin = System.nanoTime();
            late.send(Frontend.query("select 1"));
            List<ServerMessage> answer = late.readUntilReady();
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            assertThat(answer).hasSize(2);
            assertThat(answer.get(0).fields())
                    .containsEntry('S', "ERROR")
                    .containsEntry('C', "53300")
                    .containsEntry('R', "pgweir_pool_timeout");
            assertThat(answer.get(0).fields().get('M'))
                    .contains("0.4s")
                    .contains("2/2")
                    .contains("transactions left open")
                    .doesNotContain("\n")
                    .hasSizeLessThanOrEqualTo(400);
            assertThat(answer.get(0).fields().get('D')).contains(database + "/postgres");
            assertThat(answer.get(0).fields().get('H')).contains("transaction");
            assertThat(answer.get(1).transactionState()).isEqualTo('I');
            assertThat(took).isBetween(Duration.ofMillis(400), Duration.ofMillis(800));
            one.query("commit");
            assertThat(late.value("select 42")).isEqualTo("42");
            two.query("rollback");
        }
    }

    @Test
    void aTimeoutInAPipelineSkipsToSyncAndTheNextPipelineRuns() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "pool_timeout", "200ms");
                WireClient one = holder(proxy);
                WireClient late = login(proxy)) {
            late.send(
                    Frontend.unnamed("select 1"),
                    Frontend.unnamed("select 2"),
                    Frontend.sync(),
                    Frontend.unnamed("select 3"),
                    Frontend.sync());
            assertThat(ServerMessage.transcript(late.readUntilReady())).matches("E\\[53300 .*\\] Z\\[I\\]");
            assertThat(ServerMessage.transcript(late.readUntilReady())).matches("E\\[53300 .*\\] Z\\[I\\]");
            one.query("commit");
            assertThat(late.exchange(Frontend.unnamed("select 4"), Frontend.sync()))
                    .contains("D[4]")
                    .endsWith("Z[I]");
        }
    }

    @Test
    void withPoolTimeoutZeroNobodyWaits() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        POSTGRES,
                        "connection_limit",
                        "1",
                        "pool_timeout",
                        "0",
                        "event_loops",
                        "1",
                        // Another backend for every statement would have to be opened first.
                        "shuffle",
                        "false");
                WireClient one = login(proxy);
                WireClient other = login(proxy)) {
            await().until(() -> one.query("select 1").contains("D[1]"));
            one.query("begin");
            assertThat(one.query("select 1")).contains("D[1]");
            long begin = System.nanoTime();
            assertThat(other.query("select 1")).startsWith("E[53300");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(200));
            one.query("commit");
            assertThat(other.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void aFullQueueIsToldAtOnce() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "queue_limit", "1");
                WireClient one = holder(proxy);
                WireClient waiting = login(proxy);
                WireClient tooMany = login(proxy)) {
            waiting.send(Frontend.query("select 'served'"));
            await().until(() -> proxy.pool(database, "postgres").waiting() == 1);
            assertThat(tooMany.query("select 1"))
                    .startsWith("E[53300 pool queue full: 1 ")
                    .endsWith("Z[I]");
            one.query("commit");
            assertThat(ServerMessage.transcript(waiting.readUntilReady())).contains("D[served]");
            assertThat(tooMany.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void aClientThatLeavesTheQueueRunsNothing() throws Exception {
        POSTGRES.execute("create table if not exists left_the_queue(a int)");
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1");
                WireClient one = WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null)) {
            one.query("begin");
            one.query("select 1");
            List<WireClient> leaving = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
                client.send(Frontend.query("insert into left_the_queue values (1)"));
                leaving.add(client);
            }
            Pool pool = proxy.pool("postgres", "postgres");
            await().until(() -> pool.waiting() == 6);
            for (int i = 0; i < 6; i++) {
                switch (i % 3) {
                    case 0 -> leaving.get(i).close();
                    case 1 -> leaving.get(i).reset();
                    default -> leaving.get(i).send(Frontend.terminate()).close();
                }
            }
            await().until(() -> pool.waiting() == 0);
            one.query("commit");
            assertThat(one.value("select count(*) from left_the_queue")).isEqualTo("0");
        } finally {
            POSTGRES.execute("drop table left_the_queue");
        }
    }

    @Test
    void anOutageIsAnErrorPerStatementAtOnceAndServiceIsBackWithinASecond() throws Exception {
        try (FaultProxy network = FaultProxy.to(POSTGRES.host(), POSTGRES.port(), 1);
                RunningProxy proxy = RunningProxy.before(network, "connection_limit", "2");
                WireClient client = login(proxy)) {
            assertThat(client.query("select 1")).contains("D[1]");
            network.refuse(true);
            network.resetAll();
            await().until(() -> proxy.pool(database, "postgres").open() == 0);
            for (int i = 0; i < 20; i++) {
                long begin = System.nanoTime();
                assertThat(client.query("select 1")).startsWith("E[57P03 ").endsWith("Z[I]");
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(300));
                Thread.sleep(50);
            }
            try (WireClient newcomer = login(proxy)) {
                assertThat(newcomer.query("select 1")).startsWith("E[57P03 ");
            }
            network.refuse(false);
            long back = System.nanoTime();
            await().pollInterval(Duration.ofMillis(20))
                    .until(() -> client.query("select 1").contains("D[1]"));
            assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofMillis(1_300));
        }
    }

    @Test
    void idleBackendsThatTheServerEndsAreNoticedBeforeAnybodyGetsThem() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "4")) {
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(holder(proxy));
            }
            for (WireClient client : clients) {
                client.query("commit");
            }
            for (int round = 0; round < 5; round++) {
                // One that was being opened meanwhile, beside one that was about to come free, goes as well.
                await().until(() -> {
                    POSTGRES.terminateAll(database);
                    return POSTGRES.backendsOf(database) == 0;
                });
                for (WireClient client : clients) {
                    assertThat(client.query("select 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
                }
            }
            for (WireClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void shutdownLetsTransactionsEndAndThenClosesTheirClients() throws Exception {
        RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "2", "shutdown_timeout", "20s");
        try (WireClient idle = login(proxy);
                WireClient working = holder(proxy)) {
            var stopped = proxy.proxy().shutdown();
            assertThat(ServerMessage.transcript(idle.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(working.query("select 'still here'")).contains("D[still here]");
            assertThat(stopped).isNotDone();
            assertThat(working.query("commit")).startsWith("C[COMMIT]");
            assertThat(ServerMessage.transcript(working.readUntilClosed())).startsWith("E[57P01 ");
        } finally {
            proxy.close();
        }
        await().until(() -> POSTGRES.backendsOf(database) == 0);
    }

    @Test
    void shutdownLetsATransactionEndThatHasOnlyBegunOrHasFailed() throws Exception {
        RunningProxy proxy = RunningProxy.before(POSTGRES, "transaction_timeout", "300ms", "event_loops", "1");
        try (WireClient begun = login(proxy);
                WireClient failed = login(proxy);
                WireClient idle = login(proxy)) {
            begun.query("select 1");
            proxy.awaitQuiet();
            failed.query("begin");
            assertThat(failed.query("select pg_sleep(5)")).contains("E[25P04 ").endsWith(" Z[E]");
            proxy.awaitQuiet();
            begun.query("begin");
            var stopped = proxy.proxy().shutdown();
            idle.readUntilClosed();
            assertThat(begun.query("select 'still here'")).contains("D[still here] C[SELECT 1] Z[T]");
            assertThat(begun.query("commit")).startsWith("C[COMMIT] Z[I]");
            assertThat(ServerMessage.transcript(begun.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(stopped).isNotDone();
            assertThat(failed.query("rollback")).startsWith("C[ROLLBACK] Z[I]");
            assertThat(ServerMessage.transcript(failed.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(stopped).succeedsWithin(Duration.ofSeconds(5));
        } finally {
            proxy.close();
        }
    }

    @Test
    void afterShutdownTimeoutTransactionsAreRolledBackAndTheirClientsToldWhy() throws Exception {
        RunningProxy proxy = RunningProxy.before(POSTGRES, "shutdown_timeout", "300ms");
        try (WireClient open = login(proxy);
                WireClient running = login(proxy)) {
            open.query("create table left_open(a int)");
            proxy.awaitQuiet();
            open.query("begin");
            open.query("insert into left_open values (1)");
            running.send(Frontend.query("select pg_sleep(60)"));
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.open() == 2 && pool.idle() == 0);
            proxy.proxy().shutdown();
            for (WireClient client : List.of(open, running)) {
                List<ServerMessage> last = client.readUntilClosed();
                ServerMessage error = last.get(last.size() - 1);
                assertThat(error.fields()).containsEntry('S', "FATAL").containsEntry('C', "57P01");
                assertThat(error.fields().get('M'))
                        .isEqualTo("terminating connection because pgweir is shutting down and this had not ended after"
                                + " 0.3s (shutdown_timeout)");
            }
        } finally {
            proxy.close();
        }
        await().until(() -> POSTGRES.backendsOf(database) == 0);
        try (Connection direct = POSTGRES.connect(database);
                Statement statement = direct.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from left_open")) {
            row.next();
            assertThat(row.getInt(1)).isZero();
        }
    }
}
