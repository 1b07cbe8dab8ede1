package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With retry: safe, a read whose backend dies is answered by another; nothing else is ever run twice. */
class SafeReplayTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private RunningProxy proxy;
    private WireClient client;
    private WireClient blocker;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        start("safe");
        client.query("CREATE TABLE t (a int)");
        client.query("INSERT INTO t VALUES (42)");
        client.exchange(parse("named", "SELECT a FROM t WHERE a = $1"), sync());
        // A lock makes a plain SELECT wait for as long as it takes to end its backend.
        blocker = WireClient.login(postgres.host(), postgres.port(), database, "postgres", null);
        blocker.query("BEGIN");
        blocker.query("LOCK TABLE t");
    }

    private void start(String retry, String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of("connection_limit", "2", "retry", retry));
        all.addAll(List.of(settings));
        proxy = RunningProxy.before(postgres, all.toArray(String[]::new));
        client = login();
    }

    @AfterEach
    void close() throws Exception {
        blocker.close();
        client.close();
        proxy.close();
        postgres.dropDatabase(database);
    }

    @Test
    void aReadIsAnsweredByAnotherBackend() throws Exception {
        assertThat(lose(query("SELECT a FROM t"))).isEqualTo("T[a] D[42] C[SELECT 1] Z[I]");
        assertThat(replays("succeeded")).isEqualTo(1);
        assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
    }

    @Test
    void soIsOneOfTheExtendedProtocolNamedOrNot() throws Exception {
        assertThat(lose(unnamed("SELECT a FROM t"), sync())).endsWith("D[42] C[SELECT 1] Z[I]");
        blocker.query("LOCK TABLE t");
        assertThat(lose(bind("", "named", "42"), execute("", 0), sync())).isEqualTo("2 D[42] C[SELECT 1] Z[I]");
        assertThat(replays("succeeded")).isEqualTo(2);
        assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
    }

    @Test
    void nothingElseIsRunTwice() throws Exception {
        for (byte[] statement : List.of(
                query("INSERT INTO t VALUES (1)"),
                query("SELECT a FROM t FOR UPDATE"),
                query("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x"),
                query("SELECT setseed(a) FROM t"),
                query("SELECT a FROM t; SELECT 1"),
                query("BEGIN; SELECT a FROM t"))) {
            assertThat(lose(statement))
                    .as(new String(statement, StandardCharsets.UTF_8))
                    .contains("E[08006");
            blocker.query("LOCK TABLE t");
        }
        assertThat(lose(unnamed("DELETE FROM t"), sync())).contains("E[08006");
        assertThat(replays("succeeded") + replays("failed")).isZero();
        blocker.query("COMMIT");
        assertThat(client.value("SELECT string_agg(a::text, ',') FROM t")).isEqualTo("42");
    }

    @Test
    void noReadInsideATransactionIsRunAgain() throws Exception {
        client.query("BEGIN");
        client.query("SELECT 1");
        assertThat(lose(query("SELECT a FROM t"))).startsWith("E[08006").endsWith("Z[E]");
        client.query("ROLLBACK");
        client.query("BEGIN");
        blocker.query("LOCK TABLE t");
        assertThat(lose(query("SELECT a FROM t")))
                .as("BEGIN was deferred")
                .startsWith("E[08006")
                .endsWith("Z[E]");
        assertThat(replays("succeeded") + replays("failed")).isZero();
    }

    @Test
    void noReadIsRunAgainOfWhichTheClientHasSeenSomething() throws Exception {
        client.send(query("SELECT repeat('x', 100000) FROM generate_series(1, 100000)"));
        client.readUntil('D');
        postgres.terminateAll(database);
        try {
            client.readUntil('E');
        } catch (EOFException inTheMiddleOfARow) {
            // What it has got of the row cannot be completed, and no error can be put behind it.
        }
        assertThat(replays("succeeded") + replays("failed")).isZero();
        client.reset();
    }

    @Test
    void noneIsRunAgainBeforeAnotherStatementOfTheSamePipeline() throws Exception {
        client.send(query("SELECT a FROM t"), query("INSERT INTO t VALUES (1)"));
        terminateWaiting();
        assertThat(ServerMessage.transcript(client.readUntilReady())).startsWith("E[08006");
        assertThat(ServerMessage.transcript(client.readUntilReady())).startsWith("E[08006");
        assertThat(replays("succeeded") + replays("failed")).isZero();
    }

    @Test
    void noReadIsRunAgainWithoutWhatStoodBeforeItWithoutASync() throws Exception {
        client.send(
                parse("", "INSERT INTO t VALUES (1)"), bind("", ""), execute("", 0), query("SELECT count(*) FROM t"));
        terminateWaiting();
        blocker.query("COMMIT");
        client.send(sync());
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .startsWith("E[08006")
                .endsWith("Z[I]");
        assertThat(replays("succeeded") + replays("failed")).isZero();
        blocker.query("BEGIN");
    }

    /** With the settings from before it might read other rows. */
    @Test
    void noReadIsRunAgainBehindASettingThatPostgresHasNotBeenAskedFor() throws Exception {
        client.query("CREATE SCHEMA other");
        client.query("CREATE TABLE other.t AS SELECT 7 AS a");
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1)) {
            restartBehind(network, "statement_timeout", "30s");
            blocker.query("LOCK TABLE pg_catalog.pg_settings"); // pgweir's question waits
            client.query("SET search_path = other");
            awaitLock();
            long passed = network.toServer().passed();
            client.send(query("SELECT a FROM t"));
            await().until(() -> network.toServer().passed() > passed);
            terminateWaiting();
            blocker.query("COMMIT");
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .startsWith("E[08006")
                    .endsWith("Z[I]");
            blocker.query("BEGIN");
            stopBehindNetwork();
        }
    }

    @Test
    void whatWaitsForAnotherBackendCanBeCancelledAndLeft() throws Exception {
        try (WireClient holder = login();
                WireClient next = login()) {
            loseWhileOthersHaveTheBackends(holder, next);
            client.cancel();
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .startsWith("E[57014")
                    .endsWith("Z[I]");
            assertThat(pool().waiting()).isZero();
            next.cancel();
            next.readUntilReady();
            assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aClientThatLeavesWhileItsReadWaitsForAnotherBackendWaitsNoMore() throws Exception {
        try (WireClient holder = login();
                WireClient next = login()) {
            loseWhileOthersHaveTheBackends(holder, next);
            client.close();
            await().until(() -> pool().waiting() == 0);
            next.cancel();
            next.readUntilReady();
        }
    }

    @Test
    void whatIsSentWhileAReadWaitsForAnotherBackendIsAnsweredBehindIt() throws Exception {
        try (WireClient holder = login();
                WireClient next = login()) {
            loseWhileOthersHaveTheBackends(holder, next);
            client.send(query("SELECT 2"), query("BEGIN"), query("SELECT 3"), query("COMMIT"));
            blocker.query("COMMIT");
            next.cancel();
            next.readUntilReady();
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("T[a] D[42] C[SELECT 1] Z[I]");
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .contains("D[2]")
                    .endsWith("Z[I]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[BEGIN] Z[T]");
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .contains("D[3]")
                    .endsWith("Z[T]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[COMMIT] Z[I]");
            blocker.query("BEGIN");
        }
    }

    /** The client's read has lost its backend; one of the two there may be is in a transaction, the other sleeps. */
    private void loseWhileOthersHaveTheBackends(WireClient holder, WireClient next) throws Exception {
        holder.query("BEGIN");
        holder.query("SELECT 1");
        client.send(query("SELECT a FROM t"));
        awaitLock();
        next.send(query("SELECT pg_sleep(60)"));
        await().until(() -> pool().waiting() == 1);
        terminateWaiting();
        await().until(() -> "1"
                .equals(postgres.queryForString("SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database
                        + "' AND query = 'SELECT pg_sleep(60)' AND state = 'active'")));
        await().until(() -> pool().waiting() == 1);
    }

    @Test
    void neitherACancelledReadNorOneBeyondItsTimeIsRunAgain() throws Exception {
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1)) {
            restartBehind(network, "statement_timeout", "1s");
            assertThat(client.query("SELECT 1")).contains("D[1]");
            client.send(query("SELECT a FROM t"));
            awaitLock();
            network.toClient().stall();
            client.cancel();
            await().until(() -> pool().allMetrics().stream().anyMatch(m -> m.cancelsForClients.get() == 1));
            loseStalled(network);
            client.send(query("SELECT a FROM t"));
            awaitLock();
            network.toClient().stall();
            await().until(() -> pool().allMetrics().stream().anyMatch(m -> m.statementTimeouts.get() == 1));
            loseStalled(network);
            assertThat(replays("succeeded") + replays("failed")).isZero();
            stopBehindNetwork();
        }
    }

    private void restartBehind(FaultProxy network, String... settings) throws Exception {
        client.close();
        proxy.close();
        List<String> all = new ArrayList<>(List.of("connection_limit", "2", "retry", "safe"));
        all.addAll(List.of(settings));
        proxy = RunningProxy.before(network, all.toArray(String[]::new));
        client = login();
    }

    /** Before the network is gone: it would reset connections that are being closed. */
    private void stopBehindNetwork() throws Exception {
        client.close();
        proxy.close();
        start("safe");
    }

    private void loseStalled(FaultProxy network) throws Exception {
        network.resetAll();
        network.toClient().resume();
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .startsWith("E[")
                .endsWith("Z[I]");
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private Pool pool() {
        return proxy.pool(database, "postgres");
    }

    /** As without the setting: a name that has been given is not given a second time. */
    @Test
    void aUnitThatNamesAStatementIsNotSentAgainForAStalePlan() throws Exception {
        blocker.query("COMMIT");
        client.close();
        proxy.close();
        start("safe", "shuffle", "false"); // the same backend knows the old plan
        client.exchange(parse("one", "SELECT * FROM t"), bind("", "one"), execute("", 0), sync());
        blocker.query("ALTER TABLE t ADD COLUMN b int");
        assertThat(client.exchange(
                        parse("two", "SELECT * FROM t"), bind("", "two"), describePortal(""), execute("", 0), sync()))
                .startsWith("1 E[0A000")
                .endsWith("Z[I]");
        blocker.query("BEGIN");
    }

    @Test
    void withoutTheSettingNothingIsRunAgain() throws Exception {
        client.close();
        proxy.close();
        start("connect");
        assertThat(lose(query("SELECT a FROM t"))).startsWith("E[08006").endsWith("Z[I]");
    }

    /** Sends, ends the backend once it waits for the lock, gives the lock free, and reads the answer. */
    private String lose(byte[]... messages) throws Exception {
        client.send(messages);
        terminateWaiting();
        blocker.query("COMMIT");
        String answer = ServerMessage.transcript(client.readUntilReady());
        blocker.query("BEGIN");
        return answer;
    }

    private void terminateWaiting() {
        await().pollInterval(Duration.ofMillis(10)).until(() -> {
            int waiting = waitingForLock();
            return waiting != 0 && postgres.terminate(waiting);
        });
    }

    private void awaitLock() {
        await().pollInterval(Duration.ofMillis(10)).until(() -> waitingForLock() != 0);
    }

    private int waitingForLock() throws Exception {
        return Integer.parseInt(String.valueOf(
                postgres.queryForString("SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE datname = '"
                        + database + "' AND wait_event_type = 'Lock'")));
    }

    private long replays(String outcome) {
        return pool().allMetrics().stream()
                .mapToLong(m -> (outcome.equals("succeeded") ? m.replaysSucceeded : m.replaysFailed).get())
                .sum();
    }
}
