package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.HttpAccess;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import io.pgweir.proxy.tls.TlsLibrary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

class HttpEndpointsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final String NO_DATABASE = "postgresql://127.0.0.1:1/*";

    @Test
    void healthShowsWhatThePoolDoes() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "4", "pool_timeout", "20s");
                WireClient holder = client(proxy);
                WireClient second = client(proxy)) {
            holder.query("begin; select 1");
            second.query("begin; select 1");
            second.query("commit");
            await().until(() -> proxy.pool("postgres", "postgres").idle() == 1);
            HttpResponse<String> answer = http(proxy).get("/health");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
            Map<?, ?> health = Json.object(answer.body());
            assertThat(health.get("ready")).isEqualTo(true);
            assertThat(health.get("cause")).isNull();
            assertThat(((Number) health.get("uptime_seconds")).doubleValue()).isBetween(0.0, 600.0);
            assertThat(health.get("clients")).isEqualTo(Map.of("logging_in", 0, "logged_in", 2));
            Map<?, ?> expected = Json.object("""
                    {"pool": "postgres/postgres", "limit": 4, "open": 2, "active": 0, "idle": 1,
                     "idle_in_transaction": 1, "slow_client": 0, "held": 0, "resetting": 0, "connecting": 0,
                     "waiting": 0, "breaker": "closed", "pinned": {}, "usage": 0.250, "pool_timeouts": 0, "last_failure": null, "last_incident": null}""");
            assertThat(health.get("pools")).isEqualTo(List.of(expected));
            holder.query("rollback");
        }
    }

    @Test
    void healthShowsTheLastFailureAndNamesThatNeedEscaping() throws Exception {
        String name = "d\"\\\n\u0001é";
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = WireClient.connect("127.0.0.1", proxy.port())) {
            client.send(Frontend.startup(0, Map.of("user", "postgres", "database", name)));
            client.readUntilClosed();
            Map<?, ?> pool = onlyPool(http(proxy).get("/health").body());
            assertThat(pool.get("pool")).isEqualTo(name + "/postgres");
            Map<?, ?> failure = (Map<?, ?>) pool.get("last_failure");
            assertThat(failure.get("kind")).isEqualTo("refused");
            assertThat(failure.get("sqlstate")).isEqualTo("3D000");
            assertThat((String) failure.get("message")).contains(name);
        }
    }

    @Test
    void aLoopThatDoesNotTurnIsNamedAndTheOthersAreNot() throws Exception {
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofMillis(400))) {
            Http http = parts.http();
            assertThat(http.line("/health/live")).isEqualTo("200 live");
            CountDownLatch release = new CountDownLatch(1);
            parts.loops.contexts().get(1).loop().execute(() -> awaitQuietly(release));
            try {
                await().untilAsserted(() -> assertThat(http.line("/health/live"))
                        .matches("503 not live: event loop 1 \\(pgweir-loop-\\S+\\) has not turned for \\d+\\.\\d s"));
            } finally {
                release.countDown();
            }
            await().untilAsserted(() -> assertThat(http.line("/health/live")).isEqualTo("200 live"));
        }
    }

    @Test
    void everythingAnswersWhileAllLoopsAreStuckAndNothingIsReady() throws Exception {
        try (Parts parts =
                new Parts("postgresql://" + POSTGRES.host() + ":" + POSTGRES.port() + "/*", Duration.ofMillis(300))) {
            Http http = parts.http();
            assertThat(http.line("/health/ready")).isEqualTo("200 ready");
            CountDownLatch release = new CountDownLatch(1);
            parts.loops.contexts().forEach(context -> context.loop().execute(() -> awaitQuietly(release)));
            try {
                await().untilAsserted(() -> assertThat(http.line("/health/ready"))
                        .startsWith("503 not ready: event loop 0 (")
                        .contains("; event loop 1 ("));
                assertThat(http.get("/health").statusCode()).isEqualTo(200);
                assertThat(http.metrics().types()).containsKey("pgweir_clients");
            } finally {
                release.countDown();
            }
        }
    }

    @Test
    void poolsBeyondTheBoundAreSummedUpAsOther() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                Parts parts = new Parts(
                        NO_DATABASE, Duration.ofSeconds(5), proxy.proxy().pools(), 2)) {
            for (int i = 0; i < 5; i++) {
                try (WireClient client = WireClient.connect("127.0.0.1", proxy.port())) {
                    client.send(Frontend.startup(0, Map.of("user", "postgres", "database", "missing_" + i)));
                    client.readUntilClosed();
                }
            }
            Exposition page = parts.http().metrics();
            assertThat(page.series("pgweir_pool_limit")).hasSize(3);
            assertThat(page.value("pgweir_pool_limit", "pool", "other")).isEqualTo(60);
            assertThat(page.value("pgweir_backend_connect_seconds_count", "pool", "other", "outcome", "failed"))
                    .isEqualTo(3);
            assertThat(parts.http().metrics().series("pgweir_pool_limit").keySet())
                    .isEqualTo(page.series("pgweir_pool_limit").keySet());
        }
    }

    @Test
    void whoWaitsForAPoolBeyondTheBoundIsThereAsOther() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1", "pool_timeout", "20s");
                Parts parts = new Parts(
                        NO_DATABASE, Duration.ofSeconds(5), proxy.proxy().pools(), 0);
                WireClient holder = client(proxy);
                WireClient other = client(proxy)) {
            holder.query("begin; select 1");
            other.send(Frontend.query("select 1"));
            await().until(() -> proxy.pool("postgres", "postgres").waiting() == 1);
            Map<?, ?> pool = onlyPool(parts.http().get("/api/pools").body());
            assertThat(pool.get("pool")).isEqualTo("other");
            assertThat(((Number) pool.get("longest_wait_seconds")).doubleValue())
                    .isPositive();
            holder.query("rollback");
        }
    }

    @Test
    void pagesThatAreNotThereListThoseThatAre() throws Exception {
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofSeconds(5))) {
            HttpResponse<String> missing = parts.http().get("/helth?x=/metrics");
            assertThat(missing.statusCode()).isEqualTo(404);
            HttpResponse<String> index = parts.http().get("/?x", "Accept", "text/plain");
            assertThat(index.statusCode()).isEqualTo(200);
            for (String path : List.of("/health/live", "/health/ready", "/health", "/metrics")) {
                assertThat(missing.body()).contains("\n" + path + " ");
                assertThat(index.body()).contains("\n" + path + " ");
            }
        }
    }

    @Test
    void headIsGetWithoutABodyAndOtherMethodsAreRefused() throws Exception {
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofSeconds(5))) {
            Http http = parts.http();
            HttpResponse<String> head = http.send("HEAD", "/health/live", HttpRequest.BodyPublishers.noBody());
            assertThat(head.statusCode()).isEqualTo(200);
            assertThat(head.headers().firstValue("content-length")).hasValue("5");
            assertThat(head.body()).isEmpty();
            HttpResponse<String> post = http.send("POST", "/health/live", HttpRequest.BodyPublishers.ofString("x"));
            assertThat(post.statusCode()).isEqualTo(405);
            assertThat(post.headers().firstValue("allow")).hasValue("GET, HEAD");
            assertThat(http.line("/health/live")).isEqualTo("200 live");
        }
    }

    @Test
    void requestsTooLargeOrNoRequestsAtAllAreRefusedAndHarmNobody() throws Exception {
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofSeconds(5))) {
            assertThat(raw(parts, "GET /" + "x".repeat(5_000) + " HTTP/1.1\r\n\r\n"))
                    .startsWith("HTTP/1.1 414 ");
            assertThat(raw(parts, "GET / HTTP/1.1\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 431 ");
            assertThat(raw(
                            parts,
                            "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n" + "x".repeat(5_000)))
                    .startsWith("HTTP/1.1 413 ");
            assertThat(raw(parts, "\u0016\u0003\u0001 nonsense\r\n\r\n"))
                    .startsWith("HTTP/1.1 400 ")
                    .doesNotContain("Exception");
            assertThat(parts.http().line("/health/live")).isEqualTo("200 live");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
        // The first answer takes its time: nothing is known about the database.
        try (Parts parts =
                new Parts("postgresql://" + POSTGRES.host() + ":" + POSTGRES.port() + "/*", Duration.ofSeconds(5))) {
            String answers = raw(
                    parts,
                    "GET /health/ready HTTP/1.1\r\n\r\nGET /health/live HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
            assertThat(answers.replaceAll("(?s)[a-zA-Z-]+: [^\r]*\r\n", ""))
                    .startsWith(
                            "HTTP/1.1 200 OK\r\n\r\nready\nHTTP/1.1 200 OK\r\n\r\nlive\nHTTP/1.1 404 Not Found\r\n\r\nno such page");
        }
    }

    @Test
    void thoseWhoHoldConnectionsOpenDoNotKeepAHealthCheckOut() throws Exception {
        List<Socket> held = new ArrayList<>();
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofSeconds(5))) {
            for (int i = 0; i < 150; i++) {
                held.add(new Socket(
                        InetAddress.getLoopbackAddress(),
                        parts.endpoints.address().getPort()));
            }
            assertThat(parts.http().line("/health/live")).isEqualTo("200 live");
            held.get(0).setSoTimeout(5_000);
            assertThat(held.get(0).getInputStream().read())
                    .as("the oldest is closed")
                    .isEqualTo(-1);
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    @Test
    void anAddressThatCannotBeHadIsAnError() throws Exception {
        try (Parts parts = new Parts(NO_DATABASE, Duration.ofSeconds(5));
                HttpEndpoints second = new HttpEndpoints(parts.pools, parts.sessions, parts.loops)) {
            assertThatThrownBy(() -> second.bind(parts.endpoints.address(), false, HttpAccess.LOCAL))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() ->
                            second.bind(new InetSocketAddress("no-such-host.invalid", 0), false, HttpAccess.LOCAL))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("could not be resolved");
        }
    }

    /** What the endpoints look at, without the rest of a proxy. */
    private static final class Parts implements AutoCloseable {
        final EventLoops loops = new EventLoops(Transport.NIO, 2);
        final PoolDirectory pools;
        final Sessions sessions;
        final HttpEndpoints endpoints;

        Parts(String url, Duration stuckAfter) throws Exception {
            this(url, stuckAfter, null, 200);
        }

        Parts(String url, Duration stuckAfter, PoolDirectory others, int mostPoolsNamed) throws Exception {
            LiveConfig config = new LiveConfig(ConfigLoader.load(
                    new ConfigSources(Map.of("database_url", url, "client_auth", "trust"), Map.of())));
            pools = others != null
                    ? others
                    : new PoolDirectory(
                            config,
                            new BackendConnector(
                                    Transport.NIO,
                                    new TlsLibrary(TlsProviderChoice.JDK, ForkJoinPool.commonPool()),
                                    ForkJoinPool.commonPool()),
                            loops.contexts());
            sessions = new Sessions(config, loops, pools, ForkJoinPool.commonPool(), ForkJoinPool.commonPool(), null);
            endpoints = new HttpEndpoints(pools, sessions, loops, stuckAfter, mostPoolsNamed);
            endpoints.bind(new InetSocketAddress("127.0.0.1", 0), false, HttpAccess.LOCAL);
        }

        Http http() {
            return new Http(endpoints.address());
        }

        @Override
        public void close() {
            endpoints.close();
            loops.shutdown().awaitUninterruptibly();
        }
    }

    private static Map<?, ?> onlyPool(String health) throws IOException {
        List<?> pools = (List<?>) Json.object(health).get("pools");
        assertThat(pools).hasSize(1);
        return (Map<?, ?>) pools.get(0);
    }

    private static String raw(Parts parts, String request) throws IOException {
        try (Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), parts.endpoints.address().getPort())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static WireClient client(RunningProxy proxy) throws IOException {
        return WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null);
    }

    private static Http http(RunningProxy proxy) {
        return new Http(proxy.proxy().httpAddress());
    }
}
