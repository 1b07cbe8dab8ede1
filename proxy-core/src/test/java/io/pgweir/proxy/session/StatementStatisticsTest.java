package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.statistics.StatementFigures;
import io.pgweir.proxy.statistics.StatementReport;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is counted for statements on their way through the proxy. */
class StatementStatisticsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
        try (WireClient client = WireClient.login(POSTGRES.host(), POSTGRES.port(), database, "postgres", null)) {
            client.query("create table t (a int primary key, b text)");
            client.query("insert into t select i, 'text ' || i from generate_series(1, 1000) i");
        }
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    private static WireClient login(RunningProxy proxy, String... startup) throws Exception {
        Map<String, String> parameters = new java.util.HashMap<>(Map.of("database", database, "user", "postgres"));
        for (int i = 0; i < startup.length; i += 2) {
            parameters.put(startup[i], startup[i + 1]);
        }
        return WireClient.login(proxy.host(), proxy.port(), parameters, null);
    }

    private static StatementReport report(RunningProxy proxy) throws Exception {
        return StatementCensus.of(proxy.proxy().loops(), ForkJoinPool.commonPool())
                .get(10, TimeUnit.SECONDS);
    }

    private static StatementFigures figures(RunningProxy proxy, String text) throws Exception {
        StatementReport report = report(proxy);
        return report.statements().stream()
                .filter(each -> each.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new AssertionError(text + " is not among "
                        + report.statements().stream()
                                .map(StatementFigures::text)
                                .toList()));
    }

    @Test
    void simpleQueriesCountWithRowsBytesAndErrors() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = login(proxy)) {
            for (int i = 1; i <= 7; i++) {
                client.query("select * from t where a <= " + i);
            }
            client.query("select 1 / 0");
            client.query("insert into t values (1, '')");
            client.query("update t set b = b where a < 11");
            client.query("select 1; select 2; select 3");
            client.query("");
            StatementFigures selects = figures(proxy, "select * from t where a <= ?");
            assertThat(selects.calls()).isEqualTo(7);
            assertThat(selects.rows()).isEqualTo(28);
            assertThat(selects.bytes()).isBetween(28L * 10, 4_000L);
            assertThat(selects.errors()).isEmpty();
            assertThat(selects.pool()).isEqualTo(database + "/postgres");
            assertThat(selects.label()).isNull();
            assertThat(selects.totalSeconds()).isPositive();
            assertThat(selects.quantileSeconds(0.99)).isPositive();
            assertThat(figures(proxy, "select ? / ?").errors()).isEqualTo(Map.of("22", 1L));
            assertThat(figures(proxy, "insert into t values (?, ?)").errors()).isEqualTo(Map.of("23", 1L));
            assertThat(figures(proxy, "update t set b = b where a < ?").rows()).isEqualTo(10);
            StatementFigures three = figures(proxy, "select ?; select ?; select ?");
            assertThat(three.calls()).isEqualTo(1);
            assertThat(three.rows()).isEqualTo(3);
            assertThat(figures(proxy, "").calls()).isEqualTo(1);
            assertThat(report(proxy).notLookedAt().calls()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = PoolMode.class,
            names = {"TRANSACTION", "SESSION"})
    void preparedStatementsCountByTheirExecutions(PoolMode mode) throws Exception {
        try (RunningProxy proxy =
                        RunningProxy.before(POSTGRES, "pool_mode", mode.name().toLowerCase(java.util.Locale.ROOT));
                WireClient client = login(proxy)) {
            client.exchange(Frontend.parse("s", "select b from t where a <= $1"), Frontend.sync());
            for (int i = 1; i <= 5; i++) {
                client.exchange(Frontend.bind("", "s", "2"), Frontend.execute("", 0), Frontend.sync());
            }
            client.exchange( // a batch
                    Frontend.bind("", "s", "1"),
                    Frontend.execute("", 0),
                    Frontend.bind("", "s", "3"),
                    Frontend.execute("", 0),
                    Frontend.unnamed("select a from t where a = $1", "5"),
                    Frontend.sync());
            client.exchange(Frontend.unnamed("select a from t where a = $1", "6"), Frontend.sync());
            client.exchange(
                    Frontend.bind("", "s", "x"),
                    Frontend.execute("", 0),
                    Frontend.unnamed("select 'never run'"),
                    Frontend.sync());
            StatementFigures named = figures(proxy, "select b from t where a <= $1");
            assertThat(named.calls()).isEqualTo(8);
            assertThat(named.rows()).isEqualTo(5 * 2 + 1 + 3);
            assertThat(named.errors()).isEqualTo(Map.of("22", 1L));
            StatementFigures unnamed = figures(proxy, "select a from t where a = $1");
            assertThat(unnamed.calls()).isEqualTo(2);
            assertThat(unnamed.rows()).isEqualTo(2);
            assertThat(report(proxy).statements())
                    .filteredOn(each -> each.text().equals("select ?"))
                    .allSatisfy(each -> assertThat(each.calls()).isZero());
            assertThat(report(proxy).notLookedAt().calls()).isZero();
        }
    }

    @Test
    void aPortalThatIsReadInPartsIsOneCall() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = login(proxy)) {
            client.query("begin");
            client.exchange(
                    Frontend.parse("", "select a from t order by a"),
                    Frontend.bind("one", ""),
                    Frontend.execute("one", 10),
                    Frontend.sync());
            client.exchange(
                    Frontend.parse("", "select b from t order by a"),
                    Frontend.bind("two", ""),
                    Frontend.execute("two", 20),
                    Frontend.sync());
            client.exchange(Frontend.execute("one", 10), Frontend.sync());
            client.exchange(Frontend.execute("two", 0), Frontend.sync());
            client.query("commit");
            StatementFigures one = figures(proxy, "select a from t order by a");
            assertThat(one.calls()).isEqualTo(1);
            assertThat(one.rows()).isEqualTo(20);
            StatementFigures two = figures(proxy, "select b from t order by a");
            assertThat(two.calls()).isEqualTo(1);
            assertThat(two.rows()).isEqualTo(1000);
        }
    }

    @Test
    void timesInAPipelineAreOfEachStatementAlone() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = login(proxy)) {
            client.query("select 1");
            client.send(
                    Frontend.unnamed("select pg_sleep(0.2)"),
                    Frontend.unnamed("select 'behind'"),
                    Frontend.sync(),
                    Frontend.query("select a from t where a = 1"));
            client.readUntilReady();
            client.readUntilReady();
            assertThat(figures(proxy, "select pg_sleep(?)").totalSeconds()).isBetween(0.19, 2.0);
            assertThat(figures(proxy, "select ?").totalSeconds()).isLessThan(0.15);
            assertThat(figures(proxy, "select a from t where a = ?").totalSeconds())
                    .isLessThan(0.15);
        }
    }

    @Test
    void waitsIdleTransactionsAndFailuresForWantOfABackendAreTheStatementsOwn() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "pool_timeout", "1500ms");
                WireClient holder = login(proxy, "application_name", "x", "options", "-c pgweir.label=holder");
                WireClient waiter = login(proxy);
                WireClient loser = login(proxy)) {
            holder.query("begin");
            holder.query("select a from t where a = 1");
            loser.send(Frontend.query("select 'in vain' from t"));
            loser.readUntilReady();
            waiter.send(Frontend.query("select b from t where a = 1"));
            await().until(() -> proxy.pool(database, "postgres").waiting() == 1);
            Thread.sleep(300); // this is the time that is measured
            holder.query("commit");
            waiter.readUntilReady();
            StatementFigures lost = figures(proxy, "select ? from t");
            assertThat(lost.errors()).isEqualTo(Map.of("53", 1L));
            assertThat(lost.calls()).isEqualTo(1);
            assertThat(lost.waitSeconds()).isBetween(1.4, 5.0);
            assertThat(lost.totalSeconds()).isZero();
            StatementFigures waited = figures(proxy, "select b from t where a = ?");
            assertThat(waited.waitSeconds()).isBetween(0.29, 5.0);
            assertThat(waited.totalSeconds()).isLessThan(0.29);
            StatementFigures left = figures(proxy, "select a from t where a = ?");
            assertThat(left.label()).isEqualTo("holder");
            assertThat(left.idleSeconds()).isBetween(1.7, 10.0);
            assertThat(left.waitSeconds()).isLessThan(1);
            assertThat(report(proxy).shares().of(left)).isGreaterThan(0.9);
            assertThat(figures(proxy, "commit").calls()).isEqualTo(1);
        }
    }

    @Test
    void statementsThatAreGivenUpOrLostCountAsFailed() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "statement_timeout", "300ms")) {
            try (WireClient client = login(proxy);
                    WireClient dies = login(proxy)) {
                assertThat(client.query("select pg_sleep(60)")).contains("57014");
                dies.send(Frontend.query("select pg_terminate_backend(pg_backend_pid()), pg_sleep(50)"));
                dies.readUntilReady();
            }
            try (WireClient leaves = login(proxy)) {
                leaves.send(Frontend.query("select pg_sleep(60), 'leaves'"));
                await().until(() -> POSTGRES.backends(database).stream()
                        .anyMatch(b -> b.query().contains("leaves")));
            }
            StatementFigures timedOut = figures(proxy, "select pg_sleep(?)");
            assertThat(timedOut.errors()).isEqualTo(Map.of("57", 1L));
            assertThat(timedOut.totalSeconds()).isBetween(0.29, 5.0);
            assertThat(figures(proxy, "select pg_terminate_backend(pg_backend_pid()), pg_sleep(?)")
                            .errors())
                    .isEqualTo(Map.of("08", 1L));
            await().untilAsserted(() ->
                    assertThat(figures(proxy, "select pg_sleep(?), ?").errors()).isEqualTo(Map.of("57", 1L)));
            proxy.awaitQuiet();
        }
    }

    @Test
    void slowStatementsAreLoggedOnceEachWithinARateAndWithoutValues() throws Exception {
        try (LogWatch log = new LogWatch();
                RunningProxy proxy =
                        RunningProxy.before(POSTGRES, "slow_statement", "60ms", "statement_statistics", "0");
                WireClient client = login(proxy, "options", "-c pgweir.label=nightly")) {
            client.query("select a from t where a = 1");
            for (int i = 0; i < 8; i++) {
                client.query("select pg_sleep(0.07), 'hunter2' from t where a < 3");
            }
            client.query("select pg_sleep(0.2) /*route='%2Fapi%2Freport'*/");
            assertThat(log.lines())
                    .filteredOn(line -> line.startsWith("slow statement:"))
                    .hasSizeBetween(5, 9);
            assertThat(log.lines())
                    .filteredOn(line -> line.startsWith("slow statement:"))
                    .first()
                    .asString()
                    .containsPattern("pool=" + database + "/postgres duration_ms=\\d+\\.\\d wait_ms=\\d+\\.\\d rows=2"
                            + " bytes=\\d+ error_class=none label=\"nightly\" client=127.0.0.1:\\d+ id=[0-9a-f]{16}"
                            + " not_logged=0 statement=\"select pg_sleep\\(\\?\\), \\? from t where a < \\?\"");
            assertThat(log.lines()).noneMatch(line -> line.contains("hunter2"));
            log.assertCalm();
        }
    }

    @Test
    void offCountsNothing() throws Exception {
        try (RunningProxy proxy =
                        RunningProxy.before(POSTGRES, "slow_statement", "off", "statement_statistics", "off");
                WireClient client = login(proxy)) {
            client.query("select 1");
            client.exchange(Frontend.unnamed("select 2"), Frontend.sync());
            client.exchange(Frontend.parse("s", "select 3"), Frontend.sync());
            client.exchange(Frontend.bind("", "s"), Frontend.execute("", 0), Frontend.sync());
            StatementReport report = report(proxy);
            assertThat(report.statements()).isEmpty();
            assertThat(report.rest(0).calls()).isZero();
        }
    }
}
