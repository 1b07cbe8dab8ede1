package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.HttpAccess;
import io.pgweir.proxy.settings.Secret;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private static final String TOKEN = "open sesame: 0123456789";
    private static final HttpAccess BY_TOKEN = new HttpAccess(new Secret(TOKEN), false);
    private static final List<String> PROTECTED =
            List.of("/", "/dashboard.js", "/api/pools", "/api/anything", "/nothing");
    private static final List<String> MONITORING = List.of("/health", "/metrics");
    private static final List<String> PROBES = List.of("/health/live", "/health/ready");

    @Test
    void atAnAddressOfOthersDashboardAndApiAreClosedAndMonitoringIsNot() throws Exception {
        Access access = Access.of(HttpAccess.LOCAL, everywhere());
        PROTECTED.forEach(
                path -> assertThat(status(access, path, null)).as(path).isEqualTo(403));
        MONITORING.forEach(
                path -> assertThat(status(access, path, null)).as(path).isEqualTo(200));
        PROBES.forEach(path -> assertThat(status(access, path, null)).as(path).isEqualTo(200));
        assertThat(body(access, "/")).contains("http_token", "http_token_file", "http_public");
        assertThat(access.isOpenToOthers()).isTrue();
        assertThat(access.words()).contains("health and metrics are open", "no statements", "closed", "http_token");
    }

    @Test
    void httpPublicOpensEverything() throws Exception {
        Access access = Access.of(new HttpAccess(null, true), everywhere());
        PROTECTED.forEach(
                path -> assertThat(status(access, path, null)).as(path).isEqualTo(200));
        assertThat(access.isOpenToOthers()).isTrue();
        assertThat(access.words()).startsWith("http_public");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "::"})
    void aTokenIsAskedForByAllButTheProbesAtAnyAddress(String address) throws Exception {
        Access access = Access.of(BY_TOKEN, new InetSocketAddress(InetAddress.getByName(address), 6433));
        for (List<String> paths : List.of(PROTECTED, MONITORING)) {
            paths.forEach(path -> {
                assertThat(status(access, path, null)).as(path).isEqualTo(401);
                assertThat(status(access, path, "Bearer " + TOKEN)).as(path).isEqualTo(200);
                assertThat(status(access, path, basic("anybody", TOKEN)))
                        .as(path)
                        .isEqualTo(200);
            });
        }
        PROBES.forEach(path -> assertThat(status(access, path, null)).as(path).isEqualTo(200));
        assertThat(access.isOpenToOthers()).isFalse();
        assertThat(access.words()).doesNotContain("sesame");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer",
                "Bearer ",
                "Bearer open sesame: 012345678",
                "Bearer open sesame: 01234567890",
                "Bearer OPEN SESAME: 0123456789",
                "open sesame: 0123456789",
                "Digest open sesame: 0123456789",
                "Basic",
                "Basic !!!",
                "Basic b3BlbiBzZXNhbWU6IDAxMjM0NTY3ODk=" // the token where the user should be
            })
    void whatIsNotTheTokenIsRefusedAndAskedForAgain(String authorization) throws Exception {
        Answer refusal = Access.of(BY_TOKEN, everywhere())
                .refusal(new Request("/metrics", "/metrics", List.of(), authorization, false));
        assertThat(refusal).isNotNull();
        assertThat(refusal.status().code()).isEqualTo(401);
        assertThat(refusal.headers().get("WWW-Authenticate")).startsWith("Basic realm=\"pgweir\"");
        assertThat(new String(refusal.body(), StandardCharsets.UTF_8))
                .contains("http_token")
                .doesNotContain("sesame");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:6433, 200",
        "LOCALHOST, 200",
        "a.localhost:6433, 200",
        "127.0.0.1:6433, 200",
        "192.168.1.1, 200",
        "[::1]:6433, 200",
        "pgweir.test:1, 200",
        "evil.example:6433, 403",
        "localhost.evil.example, 403",
        "127.0.0.1.evil.example, 403",
        "'', 403"
    })
    void namesOfOthersAreNoNamesOfThisMachine(String host, int expected) throws Exception {
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getByAddress("pgweir.test", new byte[] {127, 0, 0, 1}), 6433);
        Access access = Access.of(HttpAccess.LOCAL, address);
        assertThat(status(access, "/api/pools", null, host)).isEqualTo(expected);
        assertThat(status(access, "/metrics", null, host)).isEqualTo(expected);
        assertThat(status(access, "/health/ready", null, host)).isEqualTo(200);
        assertThat(status(Access.of(BY_TOKEN, address), "/", "Bearer " + TOKEN, host))
                .as("a web page from elsewhere does not have the token")
                .isEqualTo(200);
    }

    @Test
    void oneWrongNameAmongSeveralIsEnoughAndNoneIsNoBrowser() throws Exception {
        Access access = Access.of(HttpAccess.LOCAL, new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 6433));
        assertThat(status(access, "/metrics", null, "localhost", "evil.example"))
                .isEqualTo(403);
        assertThat(status(access, "/metrics", null)).isEqualTo(200);
    }

    private static InetSocketAddress everywhere() throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 6433);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private static int status(Access access, String path, String authorization, String... hosts) {
        Answer refusal = access.refusal(new Request(path, path, List.of(hosts), authorization, false));
        return refusal == null ? 200 : refusal.status().code();
    }

    private static String body(Access access, String path) {
        Answer refusal = access.refusal(new Request(path, path, List.of(), null, false));
        return refusal == null ? "" : new String(refusal.body(), StandardCharsets.UTF_8);
    }
}
