package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.insight.Incident;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept and logged of pool timeouts, and what must not get into them. */
class IncidentTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final String SECRET = "hunter2";

    private final List<WireClient> clients = new ArrayList<>();
    private String database = "";

    @BeforeEach
    void createDatabase() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterEach
    void close() throws Exception {
        for (WireClient client : clients) {
            client.close();
        }
        POSTGRES.dropDatabase(database);
    }

    @Test
    void aBurstOfTimeoutsIsOneIncidentAndOneLineInTheLog() throws Exception {
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "500ms")) {
            WireClient holder = login(proxy, "holder");
            List<WireClient> waiters = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                waiters.add(login(proxy, "web"));
            }
            holder.query("begin");
            holder.query("select 1");
            for (WireClient waiter : waiters) {
                waiter.send(Frontend.query("select 2"));
            }
            Set<String> incidents = new HashSet<>();
            for (WireClient waiter : waiters) {
                incidents.add(PoolFailure.read(waiter).incident());
            }
            assertThat(incidents).hasSize(1);
            List<Incident> kept = proxy.pool(database, "postgres").incidents().all();
            assertThat(kept).hasSize(1);
            assertThat(kept.get(0).id()).isEqualTo(incidents.iterator().next());
            assertThat(kept.get(0).affected()).isEqualTo(200);
            assertThat(kept.get(0).holders())
                    .singleElement()
                    .satisfies(it -> assertThat(it.label()).isEqualTo("holder"));
            assertThat(log.lines().stream().filter(line -> line.startsWith("pool timeout: ")))
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .contains("pool=" + database + "/postgres incident="
                                    + kept.get(0).id() + " cause=idle_in_transaction waited_ms=")
                            .contains(" busy=1 limit=1 waiting=")
                            .containsPattern(
                                    "diagnosis=\"\\d+% of pool time held by holder: select \\?, IDLE IN TRANSACTION"));
            log.assertCalm();
            holder.query("commit");
            for (WireClient waiter : waiters.subList(0, 5)) {
                assertThat(waiter.query("select 3")).contains("D[3]");
            }
        }
    }

    @Test
    void aFullQueueSaysTheSame() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "queue_limit", "1")) {
            WireClient holder = login(proxy, "holder");
            WireClient waiting = login(proxy, "web");
            WireClient tooMany = login(proxy, "web");
            holder.query("begin");
            holder.query("select 1");
            waiting.send(Frontend.query("select 2"));
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.waiting() == 1);
            assertThat(PoolFailure.of(tooMany).message())
                    .matches(
                            "pool queue full: 1 clients already wait \\(queue_limit\\), 1/1 busy\\. \\d+% of pool time held by"
                                    + " holder: select \\?, IDLE IN TRANSACTION \\(1 connection, oldest .*"
                                    + "Cause: transactions left open.*");
            holder.query("commit");
            waiting.readUntilReady();
        }
    }

    /** Nobody has waited, so nobody has looked: it is looked around on all loops first. */
    @ParameterizedTest
    @ValueSource(strings = {"1", "3"})
    void withoutAnyTimeToWaitTheHoldersAreNamedToo(String loops) throws Exception {
        try (RunningProxy proxy =
                proxy("connection_limit", "2", "pool_timeout", "0", "event_loops", loops, "shuffle", "false")) {
            WireClient one = login(proxy, "one");
            WireClient two = login(proxy, "two");
            for (WireClient holder : List.of(one, two)) {
                await().until(() -> holder.query("select 1").contains("D[1]"));
            }
            for (WireClient holder : List.of(one, two)) {
                await().until(() -> {
                    holder.query("begin");
                    boolean held = holder.query("select 1").endsWith("Z[T]");
                    if (!held) {
                        holder.query("rollback");
                    }
                    return held;
                });
            }
            for (int i = 0; i < 4; i++) {
                WireClient other = login(proxy, "other");
                // Until the opening of the connections is a matter of the past.
                await().untilAsserted(() -> assertThat(PoolFailure.of(other).message())
                        .startsWith("pool timeout: waited 0.0s, 2/2 busy, 0 waiting. 50% of pool time held by ")
                        .contains("one: select ?, IDLE IN TRANSACTION (1 connection")
                        .contains("two: select ?, IDLE IN TRANSACTION (1 connection"));
            }
        }
    }

    @Test
    void noLiteralGetsOutAnywhere() throws Exception {
        List<String> statements = List.of(
                "select '" + SECRET + "'",
                "select $x$ " + SECRET + " $x$ /* " + SECRET + " */",
                "select E'\\'" + SECRET + "', U&'" + SECRET + "' -- " + SECRET,
                "set app.token = " + SECRET,
                "select set_config('app.token', '" + SECRET + "', false)",
                "select '" + "x".repeat(3000) + SECRET + "', '" + SECRET + "' /* " + SECRET + " */",
                "select '" + "x".repeat(2040) + SECRET + "'");
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "150ms")) {
            WireClient holder = login(proxy, "holder");
            WireClient waiter = login(proxy, "web");
            for (boolean extended : new boolean[] {false, true}) {
                for (String statement : statements) {
                    holder.query("begin");
                    holder.query("select 1");
                    if (extended) {
                        assertThat(holder.exchange(Frontend.unnamed(statement), Frontend.sync()))
                                .endsWith("Z[T]");
                    } else {
                        assertThat(holder.query(statement)).endsWith("Z[T]");
                    }
                    PoolFailure failure = PoolFailure.of(waiter);
                    assertThat(failure.toString()).contains("held by holder: ").doesNotContain(SECRET);
                    holder.query("rollback");
                }
            }
            assertThat(log.lines()).isNotEmpty().noneMatch(line -> line.contains(SECRET));
            assertThat(proxy.pool(database, "postgres").incidents().all())
                    .isNotEmpty()
                    .noneMatch(incident -> (incident.summary() + incident.situation()).contains(SECRET));
        }
    }

    @Test
    void standardConformingStringsOffIsKnown() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "300ms")) {
            WireClient holder = login(proxy, "holder");
            WireClient waiter = login(proxy, "web");
            holder.query("set standard_conforming_strings = off");
            holder.query("begin");
            assertThat(holder.query("select 'it\\'s " + SECRET + "'")).endsWith("Z[T]");
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message()).contains("holder: select ?").doesNotContain(SECRET);
            holder.query("rollback");
        }
    }

    @Test
    void namedStatementsAndCommitAreTheirStatementsAndTags() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "400ms")) {
            WireClient holder = login(proxy, "holder");
            WireClient waiter = login(proxy, "web");
            holder.exchange(
                    Frontend.parse("s", "SELECT a FROM generate_series($1::int, 3) a /*route='%2Fnamed'*/"),
                    Frontend.sync());
            holder.query("begin");
            holder.exchange(Frontend.bind("", "s", "1"), Frontend.execute("", 0), Frontend.sync());
            assertThat(PoolFailure.of(waiter).message())
                    .contains("held by /named: select a from generate_series($1::int, ?) a, IDLE IN TRANSACTION");
            holder.query("savepoint x");
            assertThat(PoolFailure.of(waiter).message())
                    .as("what carries no tag belongs to the tagged statement before it")
                    .contains("/named: savepoint x");
            holder.query("rollback");
        }
    }

    private static RunningProxy proxy(String... settings) {
        String[] all = java.util.Arrays.copyOf(settings, settings.length + 2);
        all[settings.length] = "shutdown_timeout";
        all[settings.length + 1] = "100ms";
        return RunningProxy.before(POSTGRES, all);
    }

    private WireClient login(RunningProxy proxy, String application) throws Exception {
        WireClient client = WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("user", "postgres", "database", database, "application_name", application),
                null);
        clients.add(client);
        return client;
    }
}
