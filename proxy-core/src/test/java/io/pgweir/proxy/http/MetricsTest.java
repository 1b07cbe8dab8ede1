package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final String[] POOL = {"pool", "postgres/postgres"};

    @Test
    void everyMetricOfTheTableIsThereWithItsKindHelpAndLabels() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = client(proxy)) {
            client.query("select 1");
            HttpResponse<String> answer = http(proxy).get("/metrics");
            assertThat(answer.headers().firstValue("content-type"))
                    .hasValue("text/plain; version=0.0.4; charset=utf-8");
            Exposition page = Exposition.parse(answer.body());
            for (Metric metric : Metric.values()) {
                String name = metric.exposed();
                assertThat(page.types())
                        .containsEntry(name, metric.kind().name().toLowerCase(Locale.ROOT));
                assertThat(page.help(name)).isEqualTo(metric.help());
                String sample = metric.kind() == Metric.Kind.HISTOGRAM ? name + "_count" : name;
                assertThat(page.series(sample)).as(name).isNotEmpty();
                page.series(sample).keySet().forEach(labels -> {
                    assertThat(labels.keySet())
                            .containsExactlyInAnyOrderElementsOf(metric.labels().stream()
                                    .map(Metric.Label::name)
                                    .toList());
                    metric.labels().stream()
                            .filter(label -> !label.values().isEmpty())
                            .forEach(label -> assertThat(label.values()).contains(labels.get(label.name())));
                });
            }
            System.gc(); // pauses are there from the first one on
            await().untilAsserted(() -> assertThat(http(proxy).metrics().types().keySet())
                    .containsAll(MetricsReference.OF_THE_JVM.keySet()));
        }
    }

    /** Dashboards and alerts of others rely on these. */
    @Test
    void theNamesOfTheContractAreThereWithTheirLabels() {
        Map<String, List<String>> contract = Map.ofEntries(
                Map.entry("pgweir_pool_connections", List.of("pool", "state")),
                Map.entry("pgweir_pool_limit", List.of("pool")),
                Map.entry("pgweir_pool_usage_ratio", List.of("pool")),
                Map.entry("pgweir_pool_waiting", List.of("pool")),
                Map.entry("pgweir_pool_wait_seconds", List.of("pool", "outcome")),
                Map.entry("pgweir_pool_timeouts_total", List.of("pool", "cause")),
                Map.entry("pgweir_query_duration_seconds", List.of("pool")),
                Map.entry("pgweir_transaction_duration_seconds", List.of("pool")),
                Map.entry("pgweir_errors_total", List.of("pool", "type", "sqlstate")),
                Map.entry("pgweir_timeouts_total", List.of("pool", "kind")),
                Map.entry("pgweir_cancels_total", List.of("pool", "reason")),
                Map.entry("pgweir_retries_total", List.of("pool", "reason", "outcome")),
                Map.entry("pgweir_breaker_state", List.of("server", "state")),
                Map.entry("pgweir_breaker_transitions_total", List.of("server", "state")),
                Map.entry("pgweir_backend_connect_seconds", List.of("pool", "outcome")),
                Map.entry("pgweir_clients", List.of("state")));
        contract.forEach((name, labels) -> assertThat(Metric.values())
                .filteredOn(metric -> metric.exposed().equals(name))
                .as(name)
                .singleElement()
                .satisfies(metric -> assertThat(metric.labels())
                        .extracting(Metric.Label::name)
                        .isEqualTo(labels)));
        assertThat(Metric.values()).allSatisfy(metric -> {
            boolean counter = metric.kind() == Metric.Kind.COUNTER;
            assertThat(metric.exposed().endsWith("_total")).as(metric.exposed()).isEqualTo(counter);
            assertThat(metric.help()).endsWith(".");
            assertThat(metric.unit()).isNotBlank();
        });
    }

    @Test
    void queriesAndTransactionsAreCountedOnceEach() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = client(proxy)) {
            Exposition before = http(proxy).metrics();
            for (int i = 0; i < 17; i++) {
                client.query("select " + i);
            }
            client.query("begin; select 1");
            client.query("select pg_sleep(0.06)");
            client.query("commit");
            proxy.awaitQuiet();
            Exposition after = http(proxy).metrics();
            assertThat(risen(before, after, "pgweir_query_duration_seconds_count", POOL))
                    .isEqualTo(20);
            assertThat(risen(before, after, "pgweir_transaction_duration_seconds_count", POOL))
                    .isEqualTo(18);
            assertThat(risen(before, after, "pgweir_pool_wait_seconds_count", with("outcome", "served")))
                    .isEqualTo(18);
            assertThat(risen(before, after, "pgweir_query_duration_seconds_sum", POOL))
                    .isBetween(0.06, 10.0);
            assertThat(risen(before, after, "pgweir_query_duration_seconds_bucket", with("le", "+Inf")))
                    .isEqualTo(20);
            assertThat(risen(before, after, "pgweir_query_duration_seconds_bucket", with("le", "0.05")))
                    .isLessThan(20);
            assertThat(risen(before, after, "pgweir_errors_total", error("proxy", "53300")))
                    .isZero();
        }
    }

    @Test
    void aPoolTimeoutIsSeenWhileItHappensAndAfterwards() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "pool_timeout", "600ms");
                WireClient holder = client(proxy);
                WireClient waiter = client(proxy)) {
            holder.query("begin; select 1");
            waiter.send(Frontend.query("select 2"));
            Pool pool = proxy.pool("postgres", "postgres");
            await().until(() -> pool.waiting() == 1);
            Exposition during = http(proxy).metrics();
            assertThat(during.value("pgweir_pool_waiting", POOL)).isEqualTo(1);
            assertThat(during.value("pgweir_pool_limit", POOL)).isEqualTo(1);
            assertThat(during.value("pgweir_pool_usage_ratio", POOL)).isEqualTo(1);
            assertThat(during.value("pgweir_pool_connections", with("state", "idle_in_transaction")))
                    .isEqualTo(1);
            assertThat(during.value("pgweir_pool_connections", with("state", "active")))
                    .isZero();
            assertThat(during.value("pgweir_pool_connections", with("state", "idle")))
                    .isZero();
            assertThat(during.value("pgweir_clients", "state", "logged_in")).isEqualTo(2);
            waiter.readUntilReady();
            holder.query("commit");
            proxy.awaitQuiet();
            Exposition after = http(proxy).metrics();
            assertThat(after.value("pgweir_pool_timeouts_total", with("cause", "idle_in_transaction")))
                    .isEqualTo(1);
            assertThat(after.value("pgweir_pool_timeouts_total", with("cause", "unknown")))
                    .isZero();
            assertThat(after.value("pgweir_pool_wait_seconds_count", with("outcome", "timeout")))
                    .isEqualTo(1);
            assertThat(after.value("pgweir_pool_wait_seconds_sum", with("outcome", "timeout")))
                    .isBetween(0.6, 5.0);
            assertThat(after.value("pgweir_errors_total", error("proxy", "53300")))
                    .isEqualTo(1);
            assertThat(after.value("pgweir_pool_waiting", POOL)).isZero();
            assertThat(after.value("pgweir_pool_usage_ratio", POOL)).isZero();
            assertThat(after.value("pgweir_pool_connections", with("state", "idle")))
                    .isEqualTo(1);
            assertThat(after.value("pgweir_backend_connect_seconds_count", with("outcome", "succeeded")))
                    .isEqualTo(1);
        }
    }

    @Test
    void cancelsAreCountedByTheirReason() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = client(proxy)) {
            client.query("select 1");
            client.send(Frontend.query("select pg_sleep(60)"));
            await().until(() -> POSTGRES.backends("postgres").stream()
                    .anyMatch(b -> b.query().contains("pg_sleep(60)")));
            client.cancel();
            assertThat(client.readUntilReady().toString()).contains("57014");
            Exposition page = http(proxy).metrics();
            assertThat(page.value("pgweir_cancels_total", with("reason", "client")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_cancels_total", with("reason", "abandoned")))
                    .isZero();
        }
    }

    @Test
    void exceededTimeLimitsAreCountedByTheirKind() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        POSTGRES, "statement_timeout", "300ms", "idle_in_transaction_timeout", "200ms");
                WireClient client = client(proxy)) {
            assertThat(client.query("select pg_sleep(60)")).contains("57014");
            client.query("begin; select 1");
            await().untilAsserted(() -> assertThat(
                            http(proxy).metrics().value("pgweir_timeouts_total", with("kind", "idle_in_transaction")))
                    .isEqualTo(1));
            Exposition page = http(proxy).metrics();
            assertThat(page.value("pgweir_timeouts_total", with("kind", "statement")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_timeouts_total", with("kind", "transaction")))
                    .isZero();
            assertThat(page.value("pgweir_cancels_total", with("reason", "timeout")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_cancels_total", with("reason", "client")))
                    .isZero();
        }
    }

    @Test
    void failedConnectsAreCountedApart() throws Exception {
        try (FakePostgres server = FakePostgres.refusing("28P01", "no");
                RunningProxy proxy = RunningProxy.at("postgresql://a:b@127.0.0.1:" + server.port() + "/d")) {
            http(proxy).get("/health/ready");
            Exposition page = http(proxy).metrics();
            assertThat(page.value("pgweir_backend_connect_seconds_count", "pool", "d/a", "outcome", "failed"))
                    .isEqualTo(server.accepted());
            assertThat(page.value("pgweir_backend_connect_seconds_count", "pool", "d/a", "outcome", "succeeded"))
                    .isZero();
        }
    }

    @Test
    void hostileNamesAreEscaped() throws Exception {
        String name = "a\"b\\c\nd{e=\"f\"} 1";
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = WireClient.connect("127.0.0.1", proxy.port())) {
            client.send(Frontend.startup(0, Map.of("user", "postgres", "database", name)));
            client.readUntilClosed();
            assertThat(http(proxy).metrics().value("pgweir_pool_limit", "pool", name + "/postgres"))
                    .isEqualTo(20);
        }
    }

    private static double risen(Exposition before, Exposition after, String name, String... labels) {
        return after.value(name, labels) - before.value(name, labels);
    }

    @Test
    void errorsAreCountedByWhoseTheyAreAndTheirSqlstate() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "statement_timeout", "300ms");
                WireClient client = client(proxy)) {
            client.query("select 1/0");
            client.query("select 1/0");
            client.query("select nothing");
            client.query("select pg_sleep(60)");
            client.query("do $$ begin raise 'x' using errcode = 'ABCDE'; end $$");
            Exposition page = http(proxy).metrics();
            assertThat(page.value("pgweir_errors_total", error("postgres", "22012")))
                    .isEqualTo(2);
            assertThat(page.value("pgweir_errors_total", error("postgres", "42703")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_errors_total", error("postgres", "ABCDE")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_errors_total", error("proxy", "57014")))
                    .isEqualTo(1);
            assertThat(page.value("pgweir_errors_total", error("proxy", "08006")))
                    .isZero();
        }
    }

    @Test
    void requestsOfAPipelineCountOneByOne() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = client(proxy)) {
            client.query("select 1");
            Exposition before = http(proxy).metrics();
            client.send(
                    Frontend.unnamed("select pg_sleep(0.3)"),
                    Frontend.sync(),
                    Frontend.unnamed("select 2"),
                    Frontend.sync(),
                    Frontend.query("select 3"));
            for (int i = 0; i < 3; i++) {
                client.readUntilReady();
            }
            proxy.awaitQuiet();
            Exposition after = http(proxy).metrics();
            String bucket = "pgweir_query_duration_seconds_bucket";
            assertThat(risen(before, after, bucket, with("le", "+Inf"))).isEqualTo(3);
            assertThat(risen(before, after, bucket, with("le", "0.25")))
                    .as("those behind the slow one do not count its time")
                    .isEqualTo(2);
        }
    }

    @Test
    void whatIsTriedAgainIsCounted() throws Exception {
        String database = POSTGRES.createDatabase();
        try (FaultProxy faults = FaultProxy.to(POSTGRES.host(), POSTGRES.port(), 1);
                RunningProxy proxy = RunningProxy.at(
                        "postgresql://postgres@" + faults.host() + ":" + faults.port() + "/" + database,
                        "connection_limit",
                        "1")) {
            faults.refuse(true);
            try (WireClient client = WireClient.login("127.0.0.1", proxy.port(), database, "postgres", null)) {
                assertThat(client.query("select 1")).contains("57P03");
                faults.refuse(false);
                await().until(() -> client.query("select 1").contains("D[1]"));
                String[] pool = {"pool", database + "/postgres", "reason", "connect", "outcome", "succeeded"};
                assertThat(http(proxy).metrics().value("pgweir_retries_total", pool))
                        .isEqualTo(1);
                client.query("create table t (a int)");
                client.exchange(Frontend.parse("s", "select * from t"), Frontend.sync());
                client.exchange(Frontend.bind("", "s"), Frontend.execute("", 0), Frontend.sync());
                client.query("alter table t add b int");
                assertThat(client.exchange(
                                Frontend.bind("", "s"),
                                Frontend.describePortal(""),
                                Frontend.execute("", 0),
                                Frontend.sync()))
                        .doesNotContain("E[");
                pool[3] = "stale_plan";
                assertThat(http(proxy).metrics().value("pgweir_retries_total", pool))
                        .isEqualTo(1);
            }
        } finally {
            POSTGRES.dropDatabase(database);
        }
    }

    private static String[] error(String type, String sqlState) {
        return new String[] {POOL[0], POOL[1], "type", type, "sqlstate", sqlState};
    }

    private static String[] with(String label, String value) {
        return new String[] {POOL[0], POOL[1], label, value};
    }

    private static WireClient client(RunningProxy proxy) throws IOException {
        return WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null);
    }

    private static Http http(RunningProxy proxy) {
        return new Http(proxy.proxy().httpAddress());
    }
}
