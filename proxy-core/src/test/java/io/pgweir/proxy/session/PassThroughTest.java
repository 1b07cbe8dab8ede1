package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.LoginRoles;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of a user only the SCRAM verifier is known: clients bring what it takes to log in to the server. */
class PassThroughTest {
    private final RealPostgres postgres = RealPostgres.get();
    private final LoginRoles roles = new LoginRoles(postgres);

    @TempDir
    private Path directory;

    private String role = "";

    @BeforeEach
    void aRoleWithAPassword() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        role = roles.create("right");
    }

    @AfterEach
    void noRole() throws Exception {
        roles.close();
    }

    private RunningProxy proxy(String verifier, String more) throws Exception {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, """
                databases:
                  d: {host: %s, port: %d, dbname: postgres, user: %s %s}
                users:
                  %s: {password: '%s'}
                """.formatted(postgres.host(), postgres.port(), role, more, role, verifier));
        return RunningProxy.with(file, "client_auth", "scram");
    }

    private WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login(proxy.host(), proxy.port(), "d", role, "right");
    }

    @Test
    void theFirstClientOpensTheDoorForAllBackends() throws Exception {
        try (RunningProxy proxy = proxy(roles.stored(role), ", min_connections: 2")) {
            Pool pool = proxy.pool("d", role);
            await("it has been tried, and given up").until(() -> pool.failure() != null && pool.open() == 0);
            assertThat(pool.failure().message()).contains("only from a client that has logged in");
            long attempts = attempts(pool);
            assertThat(health(proxy))
                    .as("else nobody would ever send it the first client")
                    .isEqualTo(200);
            assertThat(LoginAttempt.at(proxy, "d", role, "wrong").outcome()).startsWith("28P01 ");
            assertThat(roles.backends(role)).isZero();
            assertThat(attempts(pool)).as("no more in vain").isEqualTo(attempts);

            try (WireClient client = login(proxy)) {
                assertThat(client.value("SELECT session_user::text")).isEqualTo(role);
                await("min_connections").until(() -> roles.backends(role) == 2);
            }
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'");
            await("again, without a client").until(() -> roles.backends(role) == 2);
            assertThat(health(proxy)).isEqualTo(200);
        }
    }

    private static long attempts(Pool pool) {
        return pool.allMetrics().stream()
                .mapToLong(metrics -> {
                    var snapshot = new io.pgweir.proxy.metrics.Histogram.Snapshot();
                    metrics.connectsFailed.addTo(snapshot);
                    return snapshot.count();
                })
                .sum();
    }

    private static int health(RunningProxy proxy) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + proxy.proxy().httpAddress().getPort() + "/health/ready");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void inSessionModeToo() throws Exception {
        try (RunningProxy proxy = proxy(roles.stored(role), ", pool_mode: session")) {
            for (int i = 0; i < 3; i++) {
                try (WireClient client = login(proxy)) {
                    assertThat(client.value("SELECT session_user::text")).isEqualTo(role);
                    assertThat(roles.backends(role)).isPositive();
                }
            }
        }
    }

    @Test
    void anotherVerifierOfTheSamePasswordIsOfNoUseAndSaysWhatToDo() throws Exception {
        String before = roles.stored(role);
        roles.alter(role, "PASSWORD 'right'");
        assertThat(roles.stored(role)).isNotEqualTo(before);
        try (RunningProxy proxy = proxy(before, "")) {
            for (int i = 0; i < 2; i++) {
                assertThat(LoginAttempt.at(proxy, "d", role, "right").outcome())
                        .contains("has another SCRAM verifier of user \"" + role + "\" than pgweir")
                        .contains("copy it from the server's pg_authid again");
            }
            assertThat(roles.backends(role)).isZero();
        }
    }

    @Test
    void nothingOfItIsShown() throws Exception {
        String verifier = roles.stored(role);
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = proxy(verifier, "");
                WireClient client = login(proxy)) {
            assertThat(client.value("SELECT 1")).isEqualTo("1");
            String secret = verifier.substring(verifier.indexOf(':') + 1);
            assertThat(String.join("\n", log.lines())).doesNotContain(secret).doesNotContain("right");
            log.assertCalm();
        }
    }
}
