package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Statement, transaction and idle-in-transaction limits: what the client sees, and what PostgreSQL is left with. */
class TimeLimitsTest {
    private static final Duration FREED = Duration.ofMillis(500);

    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
    }

    @AfterEach
    void nothingRuns() throws Exception {
        assertThat(busy()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aSlowStatementIsCancelledAndTheConnectionStaysUsable(String mode) throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "300ms", "pool_mode", mode);
                WireClient client = login(proxy)) {
            long begin = System.nanoTime();
            String reply = client.query("select pg_sleep(20)");
            long millis = (System.nanoTime() - begin) / 1_000_000;
            assertThat(reply)
                    .contains("E[57014")
                    .contains("statement_timeout of 0.3s")
                    .endsWith("Z[I]");
            assertThat(millis).isBetween(300L, 800L);
            await().atMost(FREED).until(() -> busy() == 0);
            assertThat(client.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void eachStatementHasItsOwnClock() throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "500ms");
                WireClient client = login(proxy)) {
            client.send(
                    unnamed("select pg_sleep(0.3)"),
                    sync(),
                    unnamed("select pg_sleep(0.3)"),
                    sync(),
                    unnamed("select pg_sleep(9)"),
                    sync(),
                    unnamed("select 4"),
                    sync());
            assertThat(client.readUntilReady().toString()).doesNotContain("57014");
            assertThat(client.readUntilReady().toString()).doesNotContain("57014");
            assertThat(client.readUntilReady().toString()).contains("57014");
            assertThat(client.readUntilReady().toString()).contains("4");
        }
    }

    /** What pgweir itself sends in front of it, a setting or BEGIN, or behind the one before, does not stop its clock. */
    @ParameterizedTest
    @ValueSource(strings = {"deallocate all", "begin", "set work_mem = '5MB'"})
    void aStatementBesideOneOfOursHasItsClock(String before) throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "300ms");
                WireClient client = WireClient.login(
                        proxy.host(),
                        proxy.port(),
                        Map.of("user", "postgres", "database", database, "application_name", "clock"),
                        null)) {
            client.query(before);
            assertThat(client.query("select pg_sleep(20)")).contains("57014");
        }
    }

    @Test
    void aStatementTimeoutInATransactionLeavesItFailedUntilRollback() throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "300ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("select 1");
            assertThat(client.query("select pg_sleep(9)")).contains("57014").endsWith("Z[E]");
            assertThat(client.query("select 1")).contains("25P02").endsWith("Z[E]");
            assertThat(client.query("rollback")).endsWith("Z[I]");
            assertThat(client.query("select 1")).contains("D[1]").endsWith("Z[I]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void anIdleTransactionIsRolledBackAndTheClientToldWithItsNextStatement(String mode) throws Exception {
        direct("create table t (a int)");
        try (RunningProxy proxy = proxy("idle_in_transaction_timeout", "300ms", "pool_mode", mode);
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("insert into t values (1)");
            await().atMost(Duration.ofSeconds(2)).until(() -> openTransactions() == 0);
            assertThat(client.query("select 1")).contains("25P03").endsWith("Z[E]");
            assertThat(client.query("select 1")).contains("25P02").endsWith("Z[E]");
            assertThat(client.query("commit")).isEqualTo("C[ROLLBACK] Z[I]");
            assertThat(client.query("select count(*) from t")).contains("D[0]").endsWith("Z[I]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void commitOfATransactionThatHasTimedOutIsToldOfIt(String mode) throws Exception {
        direct("create table t (a int)");
        try (RunningProxy proxy = proxy("idle_in_transaction_timeout", "300ms", "pool_mode", mode);
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("insert into t values (1)");
            await().atMost(Duration.ofSeconds(2)).until(() -> openTransactions() == 0);
            assertThat(client.query("commit")).contains("E[25P03").endsWith("Z[I]");
            assertThat(client.query("select count(*) from t")).contains("D[0]").endsWith("Z[I]");
        }
    }

    @Test
    void aFailedTransactionCanBeEndedByTheExtendedProtocol() throws Exception {
        try (RunningProxy proxy = proxy("idle_in_transaction_timeout", "300ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("select 1");
            await().atMost(Duration.ofSeconds(2)).until(() -> openTransactions() == 0);
            assertThat(client.exchange(parse("", "rollback"), bind("", ""), execute("", 0), sync()))
                    .isEqualTo("1 2 C[ROLLBACK] Z[I]");
            assertThat(client.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void aTransactionThatLastsTooLongIsRolledBackWhileAStatementRuns() throws Exception {
        try (RunningProxy proxy = proxy("transaction_timeout", "400ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("select 1");
            assertThat(client.query("select pg_sleep(9)")).contains("25P04").endsWith("Z[E]");
            await().atMost(FREED).until(() -> openTransactions() == 0);
            assertThat(client.query("select 1")).contains("25P02").endsWith("Z[E]");
            assertThat(client.query("rollback")).isEqualTo("C[ROLLBACK] Z[I]");
            assertThat(client.query("select 1")).contains("D[1]").endsWith("Z[I]");
        }
    }

    @Test
    void commitOfAClientThatKnowsOfTheFailureIsARollback() throws Exception {
        try (RunningProxy proxy = proxy("transaction_timeout", "400ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            assertThat(client.query("select pg_sleep(9)")).contains("25P04").endsWith("Z[E]");
            assertThat(client.query("commit")).isEqualTo("C[ROLLBACK] Z[I]");
        }
    }

    @Test
    void aTransactionThatLastsTooLongIsRolledBackWhileTheClientThinks() throws Exception {
        try (RunningProxy proxy = proxy("transaction_timeout", "400ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("select 1");
            await().atMost(Duration.ofSeconds(2)).until(() -> openTransactions() == 0);
            assertThat(client.exchange(join(unnamed("select 1"), sync())))
                    .contains("25P04")
                    .endsWith("Z[E]");
            assertThat(client.query("rollback")).isEqualTo("C[ROLLBACK] Z[I]");
        }
    }

    @Test
    void aDeferredTransactionHoldsNothingAndIsNotTimed() throws Exception {
        try (RunningProxy proxy = proxy("idle_in_transaction_timeout", "200ms", "transaction_timeout", "200ms");
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            client.query("begin");
            for (int i = 0; i < 5; i++) {
                assertThat(other.query("select pg_sleep(0.1)")).endsWith("Z[I]");
            }
            assertThat(client.query("select 1")).contains("D[1]").endsWith("Z[T]");
            assertThat(client.query("commit")).endsWith("Z[I]");
        }
    }

    private RunningProxy proxy(String... settings) {
        String[] all = java.util.Arrays.copyOf(settings, settings.length + 2);
        all[settings.length] = "connection_limit";
        all[settings.length + 1] = "2";
        return RunningProxy.before(postgres, all);
    }

    private WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private void direct(String sql) throws Exception {
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private int busy() throws Exception {
        return count("state = 'active'");
    }

    private int openTransactions() throws Exception {
        return count("state like 'idle in transaction%' or state = 'active'");
    }

    private int count(String condition) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) from pg_stat_activity where datname = '"
                        + database + "' and (" + condition + ")")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
