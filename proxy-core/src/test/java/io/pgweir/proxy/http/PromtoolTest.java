package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The metrics as Prometheus' own tool reads them, and what a page of them costs. */
class PromtoolTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    @Test
    void promtoolHasNothingToSayAgainstThePage() throws Exception {
        boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> new File(directory, "promtool").canExecute());
        assumeTrue(found, "SKIPPED: promtool is not installed (Debian: apt-get install prometheus)");
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient client = login(proxy)) {
            client.query("select 1");
            client.query("select 1/0");
            System.gc();
            String page = new Http(proxy.proxy().httpAddress()).get("/metrics").body();
            Process promtool = new ProcessBuilder("promtool", "check", "metrics")
                    .redirectErrorStream(true)
                    .start();
            promtool.getOutputStream().write(page.getBytes(StandardCharsets.UTF_8));
            promtool.getOutputStream().close();
            String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(promtool.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(said).isEmpty();
            assertThat(promtool.exitValue()).isZero();
        }
    }

    /** A page has one line for each series, so its length is its cost. */
    @Test
    void morePeopleDoNotMakeThePageLonger() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES);
                WireClient first = login(proxy)) {
            first.query("select 1");
            Http http = new Http(proxy.proxy().httpAddress());
            http.metrics();
            long alone = lines(http);
            List<WireClient> crowd = new ArrayList<>();
            try {
                for (int i = 0; i < 200; i++) {
                    crowd.add(login(proxy));
                    crowd.get(i).query("select " + i + " /*route='%2F" + i + "'*/");
                }
                assertThat(http.metrics().value("pgweir_clients", "state", "logged_in"))
                        .isEqualTo(201);
                assertThat(lines(http)).isEqualTo(alone);
            } finally {
                for (WireClient client : crowd) {
                    client.close();
                }
            }
        }
    }

    private static long lines(Http http) throws Exception {
        return http.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("pgweir_"))
                .count();
    }

    private static WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null);
    }
}
