package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What /api says is what has been done. */
class ApiTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final String NASTY = "</td><img src=x onerror=alert(1)>\"'";
    /** For one client, once it is logged in: a login on a slow machine may take longer. */
    private static final String IMPATIENT = "SET pgweir.pool_timeout = '300ms'";

    private static final List<String> ALL = List.of(
            "/api/pools", "/api/holders", "/api/incidents", "/api/clients", "/api/advice", "/api/version", "/health");

    @Test
    void holdersClientsIncidentsAndAdviceAreThoseOfTheLoad() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1");
                WireClient idler = login(proxy, NASTY);
                WireClient other = login(proxy, "web");
                WireClient third = login(proxy, "web")) {
            Http http = http(proxy);
            other.query(IMPATIENT);
            idler.query("BEGIN; SELECT 'sesame', 4711");
            assertThat(other.query("SELECT 'sesame'")).startsWith("E[53300");
            assertThat(other.query("SELECT 'sesame'")).startsWith("E[53300");

            Map<?, ?> holders = http.json("/api/holders");
            assertThat(holders.get("total")).isEqualTo(1);
            Map<?, ?> holder = only(holders, "holders");
            assertThat(holder.get("pool")).isEqualTo("postgres/postgres");
            assertThat(holder.get("state")).isEqualTo("idle_in_transaction");
            assertThat(holder.get("application")).isEqualTo(NASTY);
            assertThat(holder.get("label")).isEqualTo(NASTY);
            assertThat((String) holder.get("fingerprint")).contains("select");
            assertThat((String) holder.get("id")).matches("[0-9a-f]{16}");
            assertThat(holder.get("backend_pid"))
                    .isEqualTo(Integer.parseInt(String.valueOf(idler.value("SELECT pg_backend_pid()"))));
            assertThat(number(holder, "held_seconds")).isBetween(0.6, 20.0);
            assertThat(number(holder, "state_seconds")).isBetween(0.0, number(holder, "held_seconds"));

            assertThat(third.pid()).isNotEqualTo(other.pid());
            Map<?, ?> clients = http.json("/api/clients");
            assertThat(clients.get("total")).isEqualTo(3);
            assertThat(clients.get("applications"))
                    .isEqualTo(List.of(
                            Map.of(
                                    "application",
                                    "web",
                                    "clients",
                                    2,
                                    "active",
                                    0,
                                    "waiting",
                                    0,
                                    "idle_in_transaction",
                                    0,
                                    "idle",
                                    2),
                            Map.of(
                                    "application",
                                    NASTY,
                                    "clients",
                                    1,
                                    "active",
                                    0,
                                    "waiting",
                                    0,
                                    "idle_in_transaction",
                                    1,
                                    "idle",
                                    0)));

            Map<?, ?> incident = only(http.json("/api/incidents"), "incidents");
            assertThat(incident.get("cause")).isEqualTo("idle_in_transaction");
            assertThat(incident.get("affected")).isEqualTo(2);
            assertThat((String) incident.get("diagnosis")).contains("IDLE IN TRANSACTION");
            assertThat((String) incident.get("begun")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.*Z");

            Map<?, ?> advice = only(http.json("/api/advice"), "advice");
            assertThat(advice.get("cause")).isEqualTo("idle_in_transaction");
            assertThat((String) advice.get("evidence")).startsWith("2 requests failed: ");
            for (String page : ALL) {
                assertThat(http.get(page).body())
                        .as(page)
                        .doesNotContain("sesame")
                        .doesNotContain("4711");
            }
            idler.query("COMMIT");
        }
    }

    @Test
    void strangersAreToldOfAnIncidentButNotOfItsPeople() throws Exception {
        Set<String> figures =
                Set.of("id", "age_seconds", "cause", "waited_seconds", "busy", "limit", "waiting", "affected");
        for (String open : List.of("false", "true")) {
            try (RunningProxy proxy = RunningProxy.before(
                            POSTGRES, "connection_limit", "1", "http", "0.0.0.0:0", "http_public", open);
                    WireClient idler = login(proxy, "idler-of-ours");
                    WireClient other = login(proxy, "web")) {
                other.query(IMPATIENT);
                idler.query("BEGIN; SELECT 4711 FROM pg_class");
                assertThat(other.query("SELECT 1")).startsWith("E[53300");
                HttpResponse<String> health = http(proxy).get("/health");
                Map<?, ?> incident =
                        (Map<?, ?>) only(Json.object(health.body()), "pools").get("last_incident");
                assertThat(incident.get("cause")).isEqualTo("idle_in_transaction");
                assertThat(number(incident, "waited_seconds")).isPositive();
                if (open.equals("true")) {
                    assertThat(health.body()).contains("idler-of-ours", "pg_class", "127.0.0.1");
                } else {
                    assertThat(incident.keySet()).isEqualTo(figures);
                    assertThat(health.body()).doesNotContain("idler-of-ours").doesNotContain("pg_class");
                }
                idler.query("COMMIT");
            }
        }
    }

    @Test
    void poolsAreAsInHealthAndMoreAndTheClientThatWaitsIsThere() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "pool_timeout", "20s");
                WireClient idler = login(proxy, "a");
                WireClient other = login(proxy, "b")) {
            Http http = http(proxy);
            idler.query("BEGIN; SELECT 1");
            CompletableFuture<String> waits = CompletableFuture.supplyAsync(() -> query(other, "SELECT 7"));
            await().until(() -> proxy.pool("postgres", "postgres").waiting() == 1);
            Map<?, ?> answer = http.json("/api/pools");
            Map<?, ?> pool = only(answer, "pools");
            Map<?, ?> health = only(http.json("/health"), "pools");
            health.keySet()
                    .forEach(name -> assertThat(pool.get(name)).as("%s", name).isEqualTo(health.get(name)));
            assertThat(pool.get("waiting")).isEqualTo(1);
            assertThat(number(pool, "longest_wait_seconds")).isBetween(0.0, 10.0);
            assertThat(pool.get("paused")).isEqualTo(false);
            assertThat(answer.get("ready")).isEqualTo(true);
            assertThat((String) answer.get("version")).isNotEmpty();
            assertThat(((Map<?, ?>) answer.get("timeline")).get("step_seconds")).isEqualTo(5);
            Map<?, ?> application =
                    (Map<?, ?>) ((List<?>) http.json("/api/clients").get("applications")).get(1);
            assertThat(application.get("application")).isEqualTo("b");
            assertThat(application.get("waiting")).isEqualTo(1);
            idler.query("COMMIT");
            assertThat(waits.join()).contains("7");
        }
    }

    @Test
    void theTimelineSaysWhatHappenedInEachStep() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1");
                WireClient idler = login(proxy, "a");
                WireClient other = login(proxy, "b")) {
            Timeline timeline = new Timeline(proxy.proxy().pools(), new PoolLabels(200));
            proxy.awaitQuiet();
            step(timeline); // with what the logins have waited
            other.query(IMPATIENT);
            idler.query("BEGIN; SELECT 1");
            for (int i = 0; i < 3; i++) {
                assertThat(other.query("SELECT 2")).startsWith("E[53300");
            }
            step(timeline);
            idler.query("COMMIT");
            proxy.awaitQuiet();
            step(timeline);
            Map<?, ?> steps = steps(timeline, "postgres/postgres");
            assertThat(steps.get("usage")).isEqualTo(List.of(0.0, 1.0, 0.0));
            assertThat(steps.get("timeouts")).isEqualTo(List.of(0, 3, 0));
            assertThat(steps.get("waiting")).isEqualTo(List.of(0, 0, 0));
            List<?> waits = (List<?>) steps.get("wait_p95_seconds");
            assertThat((double) waits.get(1)).as("in the bucket of 300 ms").isBetween(0.25, 0.5);
            assertThat(waits.get(2)).isNull();
            for (int i = 0; i < Timeline.STEPS + 3; i++) {
                step(timeline);
            }
            assertThat(steps(timeline, "postgres/postgres").get("timeouts"))
                    .as("long ago")
                    .isEqualTo(List.of());
            assertThat(steps(timeline, "no/such").get("timeouts")).isEqualTo(List.of());
        }
    }

    @Test
    void theDashboardIsForBrowsersAndRunsNothingButItsOwnScript() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES)) {
            Http http = http(proxy);
            assertThat(http.get("/", "Accept", "text/plain").body())
                    .startsWith("pgweir\n")
                    .contains("/api/pools ");
            assertThat(http.get("/").body()).as("whoever says nothing").startsWith("<!doctype html>");
            HttpResponse<String> page = http.get("/", "Accept", "text/html,application/xhtml+xml");
            assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
            String policy = page.headers().firstValue("content-security-policy").orElseThrow();
            assertThat(policy)
                    .contains("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            for (String path :
                    List.of("/dashboard.css", "/dashboard.js", "/charts.js", "/dashboard.svg", "/api/pools")) {
                HttpResponse<String> part = http.get(path);
                assertThat(part.statusCode()).as(path).isEqualTo(200);
                assertThat(part.headers().firstValue("x-content-type-options")).hasValue("nosniff");
                assertThat(part.headers().firstValue("referrer-policy")).hasValue("no-referrer");
                assertThat(part.headers().firstValue("content-security-policy").orElseThrow())
                        .contains("default-src 'none'", "frame-ancestors 'none'");
                assertThat(part.body().replace("http://www.w3.org/2000/svg", ""))
                        .as("%s loads nothing from elsewhere, and sets no text as markup", path)
                        .doesNotContainPattern(
                                "https?://|innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(");
            }
            assertThat(page.body())
                    .doesNotContainPattern("<script(?![^>]*src=)|<style|\\sstyle=|\\son[a-z]+=|https?://");
        }
    }

    @Test
    void aTokenIsAskedForOverTheNetwork() throws Exception {
        String token = "open-sesame-0123456789";
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "http_token", token)) {
            Http http = http(proxy);
            HttpResponse<String> refused = http.get("/api/pools");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("www-authenticate").orElseThrow())
                    .startsWith("Basic ");
            assertThat(http.line("/health/live")).isEqualTo("200 live");
            assertThat(http.get("/api/pools", "Authorization", "Bearer " + token)
                            .statusCode())
                    .isEqualTo(200);
            String basic = Base64.getEncoder().encodeToString(("me:" + token).getBytes(StandardCharsets.UTF_8));
            assertThat(http.get("/", "Accept", "text/html", "Authorization", "Basic " + basic)
                            .body())
                    .contains("<title>pgweir</title>");
        }
    }

    private static void step(Timeline timeline) {
        for (int i = 0; i < Timeline.STEP_SECONDS; i++) {
            timeline.look();
        }
    }

    private static Map<?, ?> steps(Timeline timeline, String label) throws IOException {
        JsonText json = new JsonText().open('{');
        timeline.write(json, label);
        return (Map<?, ?>) Json.object(json.close('}').toString()).get("timeline");
    }

    private static String query(WireClient client, String sql) {
        try {
            return client.query(sql);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Map<?, ?> only(Map<?, ?> answer, String list) {
        List<?> all = (List<?>) answer.get(list);
        assertThat(all).hasSize(1);
        return (Map<?, ?>) all.get(0);
    }

    private static double number(Map<?, ?> object, String name) {
        return ((Number) object.get(name)).doubleValue();
    }

    private static WireClient login(RunningProxy proxy, String application) throws IOException {
        return WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("user", "postgres", "database", "postgres", "application_name", application),
                null);
    }

    private static Http http(RunningProxy proxy) {
        return new Http(proxy.proxy().httpAddress());
    }
}
