package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** status and top, against a proxy that runs. */
class StatusCommandTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final String TOKEN = "open-sesame-0123456789";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();

    private int run(String... args) {
        out.reset();
        err.reset();
        int code = new CommandLineInterface(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        environment)
                .run(args);
        assertThat(out() + err()).doesNotContain("sesame");
        return code;
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static String http(RunningProxy proxy) {
        return "--http=127.0.0.1:" + proxy.proxy().httpAddress().getPort();
    }

    private static WireClient login(RunningProxy proxy, String application) throws IOException {
        return WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("user", "postgres", "database", "postgres", "application_name", application),
                null);
    }

    @Test
    void statusAndTopShowPoolsTheLastIncidentAndHolders() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "1");
                WireClient idler = login(proxy, "idler \u001b[31m");
                WireClient other = login(proxy, "other")) {
            other.query("SET pgweir.pool_timeout = '300ms'");
            idler.query("BEGIN; SELECT 'sesame'");
            assertThat(other.query("SELECT 1")).startsWith("E[53300");
            await().until(() -> proxy.pool("postgres", "postgres").waiting() == 0);
            assertThat(run("status", http(proxy))).isEqualTo(ExitCode.OK);
            List<String> lines =
                    out().lines().map(line -> line.replaceAll(" +", " ")).toList();
            assertThat(lines.get(0)).matches("pgweir \\S+ at 127\\.0\\.0\\.1:\\d+: ready; up .*, 2 clients");
            assertThat(lines).contains("POOL IN USE LIMIT IDLE IN TX WAITING LONGEST WAIT P95 TIMEOUTS BREAKER");
            assertThat(lines).anyMatch(line -> line.matches("postgres/postgres 1 1 1 0 - .* 1 closed"));
            assertThat(lines)
                    .anyMatch(line -> line.matches("Last incident: postgres/postgres, .* ago, 1 requests: .*"));
            assertThat(out()).doesNotContain("STATE").doesNotContain("\u001b");

            assertThat(run("top", "--once", http(proxy))).isEqualTo(ExitCode.OK);
            assertThat(out().lines().map(line -> line.replaceAll(" +", " ")))
                    .anyMatch(
                            line -> line.matches(
                                    " ?\\d.* (m?s) idle in transaction .* postgres/postgres \\d+ idler \\?\\[31m begin; select .*"));
            assertThat(out()).doesNotContain("\u001b");
            run("top", http(proxy));
            assertThat(out())
                    .as("without a terminal, once")
                    .contains("HELD FOR")
                    .doesNotContain("\u001b");
            idler.query("COMMIT");
        }
    }

    @Test
    void notReadyIsExitCodeOneWithTheCause() {
        try (RunningProxy proxy = RunningProxy.at("postgresql://app:secret@127.0.0.1:1/shop")) {
            assertThat(run("status", http(proxy))).isEqualTo(ExitCode.FAILED);
            assertThat(out()).contains(": NOT READY: database shop: ").contains("127.0.0.1:1");
        }
    }

    @Test
    void theTokenIsTakenFromWhereThePgweirTakesIt() {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "http_token", TOKEN)) {
            assertThat(run("status", http(proxy))).isEqualTo(ExitCode.FAILED);
            assertThat(err()).contains("this page needs the secret that http_token");
            assertThat(run("top", "--once", http(proxy))).isEqualTo(ExitCode.FAILED);
            assertThat(run("health", http(proxy))).isEqualTo(ExitCode.OK);
            environment.put("PGWEIR_HTTP_TOKEN", TOKEN);
            assertThat(run("status", http(proxy))).isEqualTo(ExitCode.OK);
            environment.clear();
            assertThat(run("status", http(proxy), "--http-token", TOKEN)).isEqualTo(ExitCode.OK);
        }
    }

    @Test
    void aStuckLoopHidesTheHoldersOnly() throws Exception {
        AtomicLong delayMillis = new AtomicLong(2_300); // longer than the patience with other pages
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/api/pools", exchange -> answer(exchange, 200, "{\"ready\": true, \"pools\": []}"));
        server.createContext("/api/holders", exchange -> {
            try {
                TimeUnit.MILLISECONDS.sleep(delayMillis.get());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer(exchange, 503, "an event loop has not answered");
        });
        server.start();
        String address = "127.0.0.1:" + server.getAddress().getPort();
        try {
            assertThat(run("top", "--once", "--http", address)).isEqualTo(ExitCode.OK);
            assertThat(out())
                    .contains("No pools yet")
                    .contains("Who holds connections is not known: an event loop has not answered");
            assertThat(err()).isEmpty();
            delayMillis.set(0);
            RunningPgweir pgweir =
                    RunningPgweir.of(ConfigLoader.load(new ConfigSources(Map.of("http", address), Map.of())));
            assertThat(TopCommand.look(pgweir))
                    .contains("Who holds connections is not known: an event loop has not answered", "q quits")
                    .anyMatch(line -> line.startsWith("No pools yet"));
        } finally {
            server.stop(0);
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    void whereNobodyAnswersBothSaySo() {
        for (String command : List.of("status", "top")) {
            assertThat(run(command, "--http", "127.0.0.1:1")).isEqualTo(ExitCode.FAILED);
            assertThat(err()).contains("no answer from 127.0.0.1:1").contains("--http");
            assertThat(run(command, "--http", "off")).isEqualTo(ExitCode.FAILED);
            assertThat(err()).contains("http is off");
            assertThat(run(command, "--htp", "x")).isEqualTo(ExitCode.WRONG_INPUT);
        }
    }
}
