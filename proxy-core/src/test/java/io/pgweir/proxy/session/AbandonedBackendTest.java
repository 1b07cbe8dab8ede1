package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one side leaves behind when it goes does not hold up the other. */
@Timeout(60)
class AbandonedBackendTest {
    @Test
    void aCancelRequestThatCameTooEarlyIsRepeatedUntilTheStatementEnds() throws Exception {
        AtomicReference<FakePostgres> self = new AtomicReference<>();
        try (FakePostgres server = FakePostgres.start(connection -> {
            connection.startup();
            connection.welcome();
            connection.expect('Q');
            while (self.get().cancels().size() < 3) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            connection.send(Backend.errorResponse("ERROR", "57014", "canceling statement"), Backend.readyForQuery('I'));
            assertThat(connection.expect('Q')).hasToString("Q[DISCARD ALL]");
            connection.send(Backend.commandComplete("DISCARD ALL"), Backend.readyForQuery('I'));
            connection.awaitClosed();
        })) {
            self.set(server);
            try (RunningProxy proxy = RunningProxy.at(
                    "postgresql://" + server.host() + ":" + server.port() + "/*", "pool_mode", "session")) {
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "d", "postgres", null);
                client.send(Frontend.query("select pg_sleep(1000)"));
                await().until(() -> proxy.pool("d", "postgres").idle() == 0);
                client.close();
                await().atMost(Duration.ofSeconds(5))
                        .until(() -> proxy.pool("d", "postgres").idle() == 1);
                assertThat(server.cancels()).hasSizeGreaterThanOrEqualTo(3);
            }
        }
    }

    @Test
    void aBackendLeftInsideAMessageOrInCopyIsFreeAtOnce() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
                WireClient next = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
            next.query("create table t(a text)");
            for (int round = 0; round < 4; round++) {
                WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
                if (round % 2 == 0) {
                    client.send(Frontend.query("copy t from stdin"));
                    client.readUntil('G');
                    client.send(Frontend.copyData("a line\n"));
                } else {
                    byte[] query = Frontend.query("select " + "1+".repeat(50_000) + "1");
                    client.send(java.util.Arrays.copyOf(query, 60_000));
                    await().until(() -> proxy.pool(database, "postgres").idle() == 0);
                }
                client.close();
                long begin = System.nanoTime();
                assertThat(next.value("select count(*) from t")).isEqualTo("0");
                assertThat(Duration.ofNanos(System.nanoTime() - begin))
                        .as("round %d", round)
                        .isLessThan(Duration.ofSeconds(2));
            }
        } finally {
            postgres.dropDatabase(database);
        }
    }

    @Test
    void aClientWhoseBackendTookNoMoreBytesIsReadAgainWhenThatBackendIsLost() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        int queries = 2_000;
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy proxy = RunningProxy.before(network, "connection_limit", "1");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
            client.query("select 1");
            network.toServer().stall();
            byte[] query = Frontend.query("select 1 -- " + "x".repeat(10_000));
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < queries; i++) {
                        client.send(query);
                    }
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            await("the client is held back").during(Duration.ofMillis(300)).until(() -> !sending.isDone());
            network.toServer().resume();
            network.resetAll();
            int answers = 0;
            for (; answers < queries; answers++) {
                client.readUntilReady();
            }
            sending.get(10, TimeUnit.SECONDS);
            assertThat(client.query("select 2")).contains("D[2]");
        } finally {
            postgres.dropDatabase(database);
        }
    }
}
