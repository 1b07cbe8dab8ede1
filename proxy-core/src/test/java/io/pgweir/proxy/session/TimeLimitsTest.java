package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.copyData;
import static io.pgweir.proxy.testkit.Frontend.copyDone;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
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
    void aTransactionEndsAtTheOperatorsLimitHoweverOftenTheClientChangesItsOwn() throws Exception {
        try (RunningProxy proxy = proxy("transaction_timeout", "900ms");
                WireClient client = login(proxy)) {
            assertThat(client.query("begin")).endsWith("Z[T]");
            assertThat(client.query("select 1")).endsWith("Z[T]");
            long begin = System.nanoTime();
            String reply = "";
            int changes = 0;
            while (!reply.contains("E[25P04") && System.nanoTime() - begin < 5_000_000_000L) {
                reply = client.query("set pgweir.transaction_timeout = '" + (800 + changes++ % 2 * 100) + "ms'");
            }
            long millis = (System.nanoTime() - begin) / 1_000_000;
            assertThat(reply).contains("E[25P04");
            assertThat(changes).isGreaterThan(2);
            assertThat(millis).isLessThan(2_000);
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

    /** BEGIN and the client's settings go to the backend in front of the statement, and are owed when it is sent. */
    @ParameterizedTest
    @ValueSource(strings = {"begin", "deallocate all", "set work_mem = '5MB'", "set work_mem = '5MB'; begin"})
    void aStatementHasItsClockAlsoBehindWhatPgweirPutsInFrontOfIt(String before) throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "300ms", "shuffle", "true");
                WireClient client = login(proxy)) {
            client.query(before);
            long begin = System.nanoTime();
            assertThat(client.query("select pg_sleep(5)")).contains("statement_timeout of 0.3s");
            assertThat((System.nanoTime() - begin) / 1_000_000).isBetween(300L, 2_000L);
        }
    }

    @Test
    void aPipelineGoesOnBehindATimeoutForAsLongAsItTakes() throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "500ms");
                WireClient client = login(proxy)) {
            client.send(Frontend.query("select pg_sleep(9)"));
            for (int i = 0; i < 12; i++) {
                client.send(Frontend.query("select 'later' from pg_sleep(0.25)"));
            }
            assertThat(client.readUntilReady().toString()).contains("57014");
            for (int i = 0; i < 12; i++) {
                String answer = client.readUntilReady().toString();
                if (i > 0 || !answer.contains("due to the timeout of an earlier statement")) {
                    assertThat(answer).contains("D[later]");
                }
            }
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

    /** Three statements of 0.3 s are no statement of 0.9 s; what takes longer than all may together is cancelled. */
    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void theStatementsOfOneQueryHaveTheTimeOfAll(String mode) throws Exception {
        String short3 = "select pg_sleep(0.3); select pg_sleep(0.3);; select ';', pg_sleep(0.3)";
        try (RunningProxy proxy = proxy("statement_timeout", "500ms", "pool_mode", mode);
                WireClient client = login(proxy)) {
            assertThat(client.query(short3)).endsWith("C[SELECT 1] Z[I]");
            assertThat(client.query("begin; " + short3 + "; commit;")).endsWith("C[COMMIT] Z[I]");
            client.query("begin");
            assertThat(client.query(short3)).endsWith("C[SELECT 1] Z[T]");
            client.query("rollback");
            long begin = System.nanoTime();
            assertThat(client.query("select pg_sleep(0.3); select pg_sleep(20); select 3; select 4"))
                    .contains("E[57014")
                    .contains("pgweir's statement_timeout of 0.5s")
                    .endsWith("Z[I]");
            long millis = (System.nanoTime() - begin) / 1_000_000;
            assertThat(millis).isBetween(2000L, 2800L); // four times the limit: nobody can tell them apart
            await().atMost(FREED).until(() -> busy() == 0);
            assertThat(client.value("show statement_timeout")).isEqualTo("0");
            assertThat(client.query("select pg_sleep(0.6)")).contains("57014");
        }
    }

    @Test
    void aQueryOfSeveralLeavesPostgresOwnClockAlone() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "statement_timeout", "5s", "connection_limit", "1");
                WireClient client = login(proxy)) {
            assertThat(client.query("select 1; show statement_timeout")).contains("D[0]");
            assertThat(client.query("set statement_timeout = '1h'; select 2")).endsWith("Z[I]");
            assertThat(client.query("select 1; show statement_timeout")).contains("D[1h]");
            assertThat(client.query("set statement_timeout = '300ms'")).endsWith("Z[I]");
            assertThat(client.query("select 1; select pg_sleep(4)"))
                    .contains("57014")
                    .doesNotContain("pgweir");
        }
    }

    @Test
    void aTransactionThatHasFailedCannotGoBackToASavepoint() throws Exception {
        try (RunningProxy proxy = proxy("transaction_timeout", "300ms");
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("savepoint s");
            await().atMost(Duration.ofSeconds(2)).until(() -> openTransactions() == 0);
            assertThat(client.query("rollback to savepoint s"))
                    .contains("25P04")
                    .endsWith("Z[E]");
            assertThat(client.query("release savepoint s")).contains("25P02").endsWith("Z[E]");
            assertThat(client.query("rollback to s")).contains("25P02").endsWith("Z[E]");
            assertThat(client.query("rollback")).isEqualTo("C[ROLLBACK] Z[I]");
            assertThat(client.query("select 1")).contains("D[1]").endsWith("Z[I]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aCopyThatTakesTooLongEndsInOrder(String mode) throws Exception {
        direct("create table t (a int)");
        try (RunningProxy proxy = proxy("statement_timeout", "300ms", "pool_mode", mode);
                WireClient client = login(proxy)) {
            long begin = System.nanoTime();
            client.send(query("copy t from stdin"), copyData("1\n"));
            assertThat(client.read().type()).isEqualTo('G');
            assertThat(client.read().toString()).contains("57014").contains("statement_timeout");
            assertThat(client.read().toString()).isEqualTo("Z[I]");
            assertThat((System.nanoTime() - begin) / 1_000_000).isBetween(300L, 1500L);
            client.send(copyData("2\n"), copyDone());
            assertThat(client.query("select count(*) from t")).contains("D[0]").endsWith("Z[I]");
            assertThat(client.query("copy (select pg_sleep(9)) to stdout"))
                    .contains("57014")
                    .endsWith("Z[I]");
            assertThat(client.query("copy (select 1) to stdout")).endsWith("C[COPY 1] Z[I]");
        }
    }

    @Test
    void aStatementWhoseTextDoesNotComeIsGivenUpAndTheClientGoesOn() throws Exception {
        byte[] text = query("select '" + "1".repeat(500_000) + "'");
        try (RunningProxy proxy = proxy("statement_timeout", "100ms");
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            client.send(Arrays.copyOf(text, 400_000));
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .contains("E[57014", "statement_timeout")
                    .endsWith("Z[I]");
            assertThat(other.query("select 1")).contains("D[1]");
            client.send(Arrays.copyOfRange(text, 400_000, text.length));
            assertThat(client.query("select 2")).isEqualTo("T[?column?] D[2] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aLimitThatIsSetInsideATransactionCountsFromItsBeginning() throws Exception {
        try (RunningProxy proxy = proxy();
                WireClient client = login(proxy)) {
            client.query("begin");
            client.query("select pg_sleep(0.4)");
            client.query("set pgweir.transaction_timeout = '200ms'");
            assertThat(client.query("select pg_sleep(9)")).contains("25P04").endsWith("Z[E]");
            client.query("rollback");
            assertThat(client.value("show pgweir.transaction_timeout")).isEqualTo("30s");
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
