package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

    private void start(String retry) throws Exception {
        proxy = RunningProxy.before(postgres, "connection_limit", "2", "retry", retry);
        client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
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
            String waiting =
                    postgres.queryForString("SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE datname = '"
                            + database + "' AND wait_event_type = 'Lock'");
            return !"0".equals(waiting) && postgres.terminate(Integer.parseInt(String.valueOf(waiting)));
        });
    }

    private long replays(String outcome) {
        return proxy.pool(database, "postgres").allMetrics().stream()
                .mapToLong(m -> (outcome.equals("succeeded") ? m.replaysSucceeded : m.replaysFailed).get())
                .sum();
    }
}
