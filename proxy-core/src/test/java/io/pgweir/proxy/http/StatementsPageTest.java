package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.util.concurrent.EventExecutor;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class StatementsPageTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final List<String> FIGURES = List.of(
            "calls",
            "errors",
            "total_seconds",
            "mean_seconds",
            "p50_seconds",
            "p95_seconds",
            "p99_seconds",
            "wait_seconds",
            "rows",
            "bytes",
            "share",
            "idle_in_transaction_seconds");

    @Test
    void itHasTheFormThatIsPromised() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            client.query("select pg_sleep(0.05), 'hunter2'");
            client.query("select 1 from pg_class limit 3 /*route='%2Fx'*/");
            client.query("select 1/0");
            other.query("select pg_sleep(0.05), 'hunter2'");
            Http http = new Http(proxy.proxy().httpAddress());
            String body = http.get("/api/statements").body();
            assertThat(body).doesNotContain("hunter2");
            Map<?, ?> page = Json.object(body);
            assertThat(page.keySet()).hasToString("[since, statements, other]");
            assertThat(Instant.parse((String) page.get("since")))
                    .isBetween(Instant.now().minusSeconds(600), Instant.now());
            List<?> statements = (List<?>) page.get("statements");
            assertThat(statements).hasSize(3);
            double before = Double.MAX_VALUE;
            for (Object each : statements) {
                Map<?, ?> statement = (Map<?, ?>) each;
                assertThat(statement.keySet())
                        .hasToString("[pool, label, id, fingerprint, " + String.join(", ", FIGURES) + "]");
                double total = number(statement, "total_seconds");
                assertThat(total).isLessThanOrEqualTo(before);
                before = total;
            }
            Map<?, ?> first = (Map<?, ?>) statements.get(0);
            assertThat(first.get("pool")).isEqualTo("postgres/postgres");
            assertThat(first.get("label")).isNull();
            assertThat((String) first.get("id")).matches("[0-9a-f]{16}");
            assertThat(first.get("fingerprint")).isEqualTo("select pg_sleep(?), ?");
            assertThat(first.get("calls")).isEqualTo(2);
            assertThat(number(first, "mean_seconds")).isBetween(0.05, 1.0);
            assertThat(number(first, "p50_seconds")).isBetween(0.045, 1.0);
            assertThat(number(first, "share")).isBetween(0.5, 1.0);
            assertThat(statements)
                    .anySatisfy(
                            each -> assertThat(((Map<?, ?>) each).get("errors")).isEqualTo(Map.of("22", 1)))
                    .anySatisfy(
                            each -> assertThat(((Map<?, ?>) each).get("label")).isEqualTo("/x"));
            Map<?, ?> rest = (Map<?, ?>) page.get("other");
            assertThat(rest.keySet()).hasToString(FIGURES.toString());
            assertThat(rest.get("calls")).isEqualTo(0);
            Map<?, ?> cut = Json.object(http.get("/api/statements?limit=1").body());
            assertThat((List<?>) cut.get("statements")).hasSize(1);
            assertThat(((Map<?, ?>) cut.get("other")).get("calls")).isEqualTo(2);
            assertThat(http.line("/api/statements?limit=x")).startsWith("400 limit ");
            assertThat(http.line("/api/statements?limit=1&limit=2")).startsWith("400 limit ");
        }
    }

    @Test
    void aLoopThatDoesNotTurnDoesNotHoldItUpForLong() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES)) {
            Http http = new Http(proxy.proxy().httpAddress());
            CountDownLatch release = new CountDownLatch(1);
            EventExecutor loop = proxy.proxy().loops().contexts().get(0).loop();
            loop.execute(() -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            try {
                assertThat(http.line("/api/statements")).startsWith("503 an event loop has not answered");
            } finally {
                release.countDown();
            }
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(
                            () -> assertThat(http.line("/api/statements")).startsWith("200 "));
            await().untilAsserted(() -> {
                Exposition page = http.metrics();
                double all = page.value("pgweir_event_loop_lag_seconds_count", "loop", "0");
                assertThat(page.value("pgweir_event_loop_lag_seconds_bucket", "loop", "0", "le", "1.0"))
                        .as("the standstill is seen")
                        .isLessThan(all);
            });
        }
    }

    private static double number(Map<?, ?> of, String name) {
        return ((Number) of.get(name)).doubleValue();
    }

    private static WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null);
    }
}
