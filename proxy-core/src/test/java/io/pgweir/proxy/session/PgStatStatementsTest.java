package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgweir.proxy.statistics.StatementFigures;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** pgweir's figures beside those of PostgreSQL itself, of a mixed workload of several clients. */
class PgStatStatementsTest {
    private static final int CLIENTS = 4;
    private static final int ROUNDS = 30;

    /** Each stands in the text of one statement of the workload, and in no other. */
    private static final List<String> NAMES =
            List.of("point_read", "range_read", "as slow", "update t", "insert into", "delete from");

    /** Of all statements with one of the {@link #NAMES}. */
    private record Figures(long calls, long rows, double seconds) {}

    private static OwnPostgres server;

    @BeforeAll
    static void start() throws Exception {
        String available = RealPostgres.get()
                .queryForString("select count(*) from pg_available_extensions where name = 'pg_stat_statements'");
        assumeTrue("1".equals(available), "SKIPPED: this PostgreSQL has no pg_stat_statements");
        server = OwnPostgres.startWith(50, Map.of("shared_preload_libraries", "pg_stat_statements"));
        try (WireClient direct = server.connect()) {
            direct.query("create extension pg_stat_statements");
            direct.query("create table t (a int, b text)");
            direct.query("insert into t select i, 'text ' || i from generate_series(1, 5000) i");
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended", "prepared"})
    void callsAndRowsAreTheSameAndTimesNearlySo(String protocol) throws Exception {
        String url = "postgresql://postgres@127.0.0.1:" + server.port() + "/postgres";
        try (WireClient direct = server.connect();
                RunningProxy proxy = RunningProxy.at(url, "connection_limit", "3")) {
            direct.query("select pg_stat_statements_reset()");
            double late = work(proxy, protocol);
            proxy.awaitQuiet();
            Map<String, Figures> theirs = theirs(direct);
            Map<String, Figures> ours = ours(proxy);
            assertThat(theirs.keySet()).hasSameSizeAs(NAMES);
            assertThat(ours.keySet()).isEqualTo(theirs.keySet());
            theirs.forEach((name, expected) -> {
                Figures counted = ours.get(name);
                assertThat(counted.calls()).as("calls of %s", name).isEqualTo(expected.calls());
                assertThat(counted.rows()).as("rows of %s", name).isEqualTo(expected.rows());
                if (expected.seconds() / expected.calls() > 0.005) {
                    assertThat(counted.seconds())
                            .as("time of %s", name)
                            .isCloseTo(
                                    expected.seconds(),
                                    within(Math.max(expected.seconds() / 10, 2 * late * expected.calls())));
                }
            });
            assertThat(theirs.values().stream().filter(each -> each.seconds() / each.calls() > 0.005))
                    .as("statements over 5 ms")
                    .isNotEmpty();
        }
    }

    /** Returns how late, in seconds, the answer to a statement is on PostgreSQL itself meanwhile, in the mean: the machine's part. */
    private static double work(RunningProxy proxy, String protocol) throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int client = 0; client < CLIENTS; client++) {
            Random random = new Random(client);
            Thread thread = new Thread(() -> {
                try {
                    work(proxy, protocol, random);
                } catch (Exception | AssertionError e) {
                    failures.add(e);
                }
            });
            thread.start();
            threads.add(thread);
        }
        long late = 0;
        int controls = 0;
        try (WireClient direct = server.connect()) {
            while (controls == 0 || threads.stream().anyMatch(Thread::isAlive)) {
                long begin = System.nanoTime();
                direct.query("select pg_sleep(0.1)");
                late += System.nanoTime() - begin - 100_000_000;
                controls++;
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        return late / 1e9 / controls;
    }

    private static void work(RunningProxy proxy, String protocol, Random random) throws Exception {
        String mode = protocol.equals("prepared") ? "extended&prepareThreshold=1" : protocol + "&prepareThreshold=0";
        try (Connection connection = DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + proxy.port() + "/postgres?user=postgres&preferQueryMode=" + mode)) {
            for (int round = 0; round < ROUNDS; round++) {
                run(connection, "select a as point_read from t where a = ?", random.nextInt(6_000));
                run(connection, "select b as range_read from t where a < ?", random.nextInt(50));
                if (round % 6 == 0) {
                    run(connection, "select pg_sleep(0.1) as slow from t where a <= ?", 1);
                }
                connection.setAutoCommit(false);
                run(connection, "update t set b = 'updated' where a = ?", random.nextInt(6_000));
                run(connection, "insert into t values (10000, ?)", random.nextInt(5));
                run(connection, "delete from t where a = 10000 and b = ?::text", 1);
                connection.commit();
                connection.setAutoCommit(true);
            }
        }
    }

    private static void run(Connection connection, String sql, int value) throws Exception {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, value);
            statement.execute();
        }
    }

    private static String name(String text) {
        for (String name : NAMES) {
            if (text.toLowerCase(java.util.Locale.ROOT).contains(name) && !text.contains("generate_series")) {
                return name;
            }
        }
        return "";
    }

    private static Map<String, Figures> theirs(WireClient direct) throws Exception {
        Map<String, Figures> found = new LinkedHashMap<>();
        for (String name : NAMES) {
            String where = " from pg_stat_statements where query ilike '%" + name
                    + "%' and query not ilike '%pg_stat_statements%'";
            found.put(
                    name,
                    new Figures(
                            Long.parseLong(String.valueOf(direct.value("select sum(calls)" + where))),
                            Long.parseLong(String.valueOf(direct.value("select sum(rows)" + where))),
                            Double.parseDouble(String.valueOf(
                                            direct.value("select sum(total_exec_time + total_plan_time)" + where)))
                                    / 1000));
        }
        return found;
    }

    private static Map<String, Figures> ours(RunningProxy proxy) throws Exception {
        Map<String, Figures> found = new LinkedHashMap<>();
        for (StatementFigures each : StatementCensus.of(proxy.proxy().loops(), ForkJoinPool.commonPool())
                .get(10, TimeUnit.SECONDS)
                .statements()) {
            String name = name(each.text());
            if (!name.isEmpty()) {
                found.merge(
                        name,
                        new Figures(each.calls(), each.rows(), each.totalSeconds()),
                        (a, b) -> new Figures(a.calls() + b.calls(), a.rows() + b.rows(), a.seconds() + b.seconds()));
            }
        }
        return found;
    }
}
