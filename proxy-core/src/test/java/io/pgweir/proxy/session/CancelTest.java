package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** CancelRequest ends what its own client runs or waits for, and never anything else. */
class CancelTest {
    private static final String CANCELED = "E[57014 canceling statement due to user request]";
    private static final int ROUNDS = 1500;

    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private RunningProxy proxy;
    private WireClient client;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        proxy = RunningProxy.before(postgres, "connection_limit", "1");
        client = login();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        proxy.awaitQuiet();
        proxy.close();
        postgres.dropDatabase(database);
    }

    @Test
    void aRunningQueryEndsAndTheSessionGoesOn() throws Exception {
        client.send(query("SELECT 1 FROM pg_sleep(60)"));
        awaitActive();
        client.cancel();
        assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith(CANCELED + " Z[I]");
        assertThat(client.value("SELECT 1")).isEqualTo("1");
    }

    @Test
    void aRunningStatementOfTheExtendedProtocolEndsItsPipeline() throws Exception {
        client.send(unnamed("SELECT 1 FROM pg_sleep(60)"), unnamed("SELECT 2"), sync(), unnamed("SELECT 3"), sync());
        awaitActive();
        client.cancel();
        assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith(CANCELED + " Z[I]");
        assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[3]");
    }

    @Test
    void aTransactionFailsAndCanBeRolledBack() throws Exception {
        client.query("BEGIN");
        client.send(query("SELECT 1 FROM pg_sleep(60)"));
        awaitActive();
        client.cancel();
        assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith(CANCELED + " Z[E]");
        assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
    }

    @Test
    void anIdleClientIsNotTouched() throws Exception {
        client.cancel();
        assertThat(client.value("SELECT 1")).isEqualTo("1");
        client.query("BEGIN");
        client.cancel();
        client.query("SELECT 1");
        client.cancel();
        assertThat(client.query("SELECT 2")).isEqualTo("T[?column?] D[2] C[SELECT 1] Z[T]");
        assertThat(client.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
    }

    @Test
    void aWrongKeyDoesNothing() throws Exception {
        client.send(query("SELECT 1 FROM pg_sleep(0.5)"));
        awaitActive();
        byte[] wrong = client.cancelKey();
        wrong[3]++;
        cancel(client.pid(), wrong);
        cancel(client.pid() + 1, client.cancelKey());
        cancel(client.pid(), Arrays.copyOf(client.cancelKey(), 8));
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
    }

    @Test
    void theKeyIsNotTheServers() throws Exception {
        int server = Integer.parseInt(client.value("SELECT pg_backend_pid()"));
        assertThat(client.pid()).isNotEqualTo(server);
    }

    @Test
    void theKeyOfAClientThatLeftIsNobodys() throws Exception {
        WireClient other = login();
        int pid = other.pid();
        byte[] key = other.cancelKey();
        other.send(Frontend.terminate()).readUntilClosed();
        client.send(query("SELECT 1 FROM pg_sleep(0.3)"));
        awaitActive();
        cancel(pid, key);
        assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[1]");
    }

    @Test
    void aClientInTheQueueIsAnsweredAtOnceAndTheOthersKeepTheirPlaces() throws Exception {
        client.query("CREATE TABLE turns (n serial, who text)");
        client.query("BEGIN");
        client.query("SELECT 1");
        try (WireClient first = login();
                WireClient second = login();
                WireClient third = login()) {
            queue(first, 1, query("INSERT INTO turns (who) VALUES ('first')"));
            queue(second, 2, query("INSERT INTO turns (who) VALUES ('second')"));
            queue(third, 3, query("INSERT INTO turns (who) VALUES ('third')"));
            long begin = System.nanoTime();
            second.cancel();
            String answer = ServerMessage.transcript(second.readUntilReady());
            Duration taken = Duration.ofNanos(System.nanoTime() - begin);
            assertThat(answer).startsWith("E[57014").endsWith("Z[I]");
            assertThat(taken).isLessThan(Duration.ofMillis(100));
            client.query("COMMIT");
            first.readUntilReady();
            third.readUntilReady();
            assertThat(second.value("SELECT string_agg(who, ' ' ORDER BY n) FROM turns"))
                    .isEqualTo("first third");
        }
    }

    @Test
    void aPipelineInTheQueueIsAnsweredOncePerUnit() throws Exception {
        client.query("BEGIN");
        client.query("SELECT 1");
        try (WireClient queued = login()) {
            queue(queued, 1, unnamed("SELECT 1"), unnamed("SELECT 2"), sync(), query("SELECT 3"));
            queued.cancel();
            assertThat(ServerMessage.transcript(queued.readUntilReady()))
                    .startsWith("E[57014")
                    .endsWith("] Z[I]")
                    .doesNotContain("D[");
            client.query("COMMIT");
            assertThat(ServerMessage.transcript(queued.readUntilReady())).contains("D[3]");
        }
    }

    @Test
    void aDeferredTransactionInTheQueueFails() throws Exception {
        client.query("BEGIN");
        client.query("SELECT 1");
        try (WireClient queued = login()) {
            queued.query("BEGIN");
            queue(queued, 1, query("SELECT 2"));
            queued.cancel();
            assertThat(ServerMessage.transcript(queued.readUntilReady())).endsWith("Z[E]");
            assertThat(queued.query("SELECT 3")).startsWith("E[25P02").endsWith("Z[E]");
            assertThat(queued.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
            client.query("COMMIT");
            assertThat(queued.value("SELECT 4")).isEqualTo("4");
        }
    }

    @Test
    void aCancelThatRacesWithTheEndHitsNobodyElse() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        AtomicBoolean over = new AtomicBoolean();
        int canceled = 0;
        try (WireClient bystander = login()) {
            CompletableFuture<Integer> watching = CompletableFuture.supplyAsync(() -> {
                try {
                    int rounds = 0;
                    for (; !over.get(); rounds++) {
                        assertThat(bystander.query("SELECT " + rounds + " FROM pg_sleep(0.0003)"))
                                .as("seed %d", seed)
                                .isEqualTo("T[?column?] D[" + rounds + "] C[SELECT 1] Z[I]");
                    }
                    return rounds;
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    long delay = random.nextInt(2_000_000);
                    CompletableFuture<Void> cancel = CompletableFuture.runAsync(() -> {
                        LockSupport.parkNanos(delay);
                        cancel(client.pid(), client.cancelKey());
                    });
                    String answer = client.query("SELECT 'own' FROM pg_sleep(0.0007)");
                    if (answer.contains("E[57014 canceling statement due to user request")) {
                        canceled++;
                    } else {
                        assertThat(answer).as("seed %d", seed).isEqualTo("T[?column?] D[own] C[SELECT 1] Z[I]");
                    }
                    cancel.join();
                }
            } finally {
                over.set(true);
            }
            assertThat(watching.get()).isPositive();
        }
        assertThat(canceled).as("seed %d", seed).isBetween(1, ROUNDS - 1);
    }

    @Test
    void longKeysOfProtocol32Work() throws Exception {
        try (WireClient modern = WireClient.connect(proxy.host(), proxy.port())) {
            modern.send(Frontend.startup(2, Map.of("user", "postgres", "database", database)));
            ServerMessage keyData = modern.readUntil('Z').stream()
                    .filter(message -> message.type() == 'K')
                    .findFirst()
                    .orElseThrow();
            ByteBuffer body = ByteBuffer.wrap(keyData.body());
            int pid = body.getInt();
            byte[] key = new byte[body.remaining()];
            body.get(key);
            assertThat(key).hasSizeBetween(5, 256);
            modern.send(query("SELECT 1 FROM pg_sleep(60)"));
            awaitActive();
            cancel(pid, Arrays.copyOf(key, 4));
            assertThat(modern.poll(Duration.ofMillis(100)))
                    .satisfiesAnyOf(
                            message -> assertThat(message).isNull(),
                            message -> assertThat(message).hasToString("T[?column?]"));
            cancel(pid, key);
            assertThat(ServerMessage.transcript(modern.readUntilReady())).endsWith(CANCELED + " Z[I]");
        }
    }

    @Test
    void aBackendWhoseCancelNeverArrivedIsNotUsedAgain() throws Exception {
        try (FaultProxy fault = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy behind = RunningProxy.before(fault, "connection_limit", "1");
                WireClient own = WireClient.login(behind.host(), behind.port(), database, "postgres", null);
                WireClient holder = WireClient.login(
                        postgres.host(),
                        postgres.port(),
                        database,
                        postgres.superuser(),
                        postgres.superuserPassword())) {
            String pid = own.value("SELECT pg_backend_pid()");
            holder.query("SELECT pg_advisory_lock(5)");
            own.send(query("SELECT 1 FROM (SELECT pg_advisory_xact_lock(5)) AS instead_of_pg_sleep"));
            awaitActive();
            fault.toServer().cutAfter(0); // sent, and then the connection breaks: it may have arrived
            int before = fault.broken();
            own.cancel();
            await().until(() ->
                    fault.broken() > before); // the proxy is told of it while it waits, or before the next answer
            holder.query("SELECT pg_advisory_unlock(5)");
            assertThat(ServerMessage.transcript(own.readUntilReady())).contains("D[1]");
            fault.toServer().cutNever();
            assertThat(own.value("SELECT pg_backend_pid()")).isNotEqualTo(pid);
        }
    }

    private void queue(WireClient waiting, int place, byte[]... messages) throws IOException {
        waiting.send(messages);
        await().until(() -> pool().waiting() == place);
    }

    private Pool pool() {
        return proxy.pool(database, "postgres");
    }

    private void awaitActive() {
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> postgres.backends(database).stream()
                        .anyMatch(backend -> "active".equals(backend.state())
                                && backend.query().contains("pg_sleep")));
    }

    private void cancel(int pid, byte[] key) {
        try (WireClient other = WireClient.connect(proxy.host(), proxy.port())) {
            other.send(Frontend.cancelRequest(pid, key));
            other.readUntilClosed();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
