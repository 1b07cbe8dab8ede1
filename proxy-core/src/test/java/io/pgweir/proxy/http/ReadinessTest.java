package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    @Test
    void anyDatabaseIsReadyBeforeTheFirstClientIfTheServerListens() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES)) {
            assertThat(http(proxy).line("/health/ready")).isEqualTo("200 ready");
            assertThat(proxy.proxy().pools().pools()).isEmpty();
        }
    }

    @Test
    void theUrlsOwnUserIsReadyBeforeTheFirstClientIfItCanLogIn() throws Exception {
        try (RunningProxy proxy = RunningProxy.at(url(POSTGRES.host(), POSTGRES.port()))) {
            assertThat(http(proxy).line("/health/ready")).isEqualTo("200 ready");
            assertThat(proxy.pool("postgres", TestRole.SCRAM.user()).open()).isEqualTo(1);
        }
    }

    @Test
    void aRefusedPortIsNamedWhetherOrNotTheUrlHasAUser() throws Exception {
        int port = unusedPort();
        for (String url : new String[] {"postgresql://127.0.0.1:" + port + "/*", url("127.0.0.1", port)}) {
            try (RunningProxy proxy = RunningProxy.at(url)) {
                assertThat(http(proxy).line("/health/ready"))
                        .startsWith("503 not ready: database ")
                        .contains("could not connect to 127.0.0.1:" + port)
                        .containsIgnoringCase("connection refused")
                        .doesNotContain("\n");
                assertThat(http(proxy).line("/health/live")).isEqualTo("200 live");
            }
        }
    }

    @Test
    void aHostThatDoesNotExistIsNamed() throws Exception {
        try (RunningProxy proxy = RunningProxy.at("postgresql://no-such-host.invalid/*")) {
            // A name server may take longer than the answer; then the answer says so, and the next one is better.
            await().untilAsserted(() -> assertThat(http(proxy).line("/health/ready"))
                    .isEqualTo(
                            "503 not ready: database *: the host name \"no-such-host.invalid\" could not be resolved"));
        }
    }

    @Test
    void aWrongPasswordIsNotReadyAndIsNotTriedOverAndOver() throws Exception {
        try (FakePostgres server = FakePostgres.refusing("28P01", "password authentication failed for user \"a\"");
                RunningProxy proxy = RunningProxy.at("postgresql://a:b@127.0.0.1:" + server.port() + "/d")) {
            String first = http(proxy).line("/health/ready");
            assertThat(first).isEqualTo("503 not ready: database d: password authentication failed for user \"a\"");
            int tries = server.accepted();
            long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
            while (System.nanoTime() < end) {
                assertThat(http(proxy).line("/health/ready")).isEqualTo(first);
            }
            // One more may follow the first refusal.
            assertThat(server.accepted()).isLessThanOrEqualTo(tries + 1);
        }
    }

    @Test
    void aServerThatIsStartingUpIsNotReady() throws Exception {
        try (FakePostgres server = FakePostgres.refusing("57P03", "the database system is starting up");
                RunningProxy proxy =
                        RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*", "pool_timeout", "1s")) {
            assertThat(http(proxy).line("/health/ready"))
                    .isEqualTo("200 ready"); // its port answers, nobody knows better
            WireClient.login("127.0.0.1", proxy.port(), "d", "u", null).close(); // accepted: the server may be up soon
            await().untilAsserted(() -> assertThat(http(proxy).line("/health/ready"))
                    .isEqualTo("503 not ready: database *: the database system is starting up"));
        }
    }

    @Test
    void aServerThatNeverAnswersDoesNotHoldTheAnswerUp() throws Exception {
        try (FakePostgres server = FakePostgres.silent();
                RunningProxy proxy = RunningProxy.at(
                        "postgresql://a:b@127.0.0.1:" + server.port() + "/d", "connect_timeout", "2s")) {
            long begin = System.nanoTime();
            assertThat(http(proxy).line("/health/ready"))
                    .isEqualTo("503 not ready: database d: no answer from 127.0.0.1:" + server.port() + " yet");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> proxy.pool("d", "a").connecting() == 0);
        }
    }

    @Test
    void readyAgainWithoutAnyClientWhenTheDatabaseIsBack() throws Exception {
        try (FaultProxy fault = FaultProxy.to(POSTGRES.host(), POSTGRES.port(), 1);
                RunningProxy proxy = RunningProxy.at(url(fault.host(), fault.port()))) {
            fault.refuse(true);
            Http http = http(proxy);
            assertThat(http.line("/health/ready")).startsWith("503");
            fault.refuse(false);
            await().untilAsserted(() -> assertThat(http.line("/health/ready")).isEqualTo("200 ready"));
        }
    }

    @Test
    void notReadyWhenTheDatabaseGoesAwayAndNobodyUsesIt() throws Exception {
        FakePostgres server = FakePostgres.echoing();
        try (RunningProxy proxy = RunningProxy.at("postgresql://a:b@127.0.0.1:" + server.port() + "/d")) {
            assertThat(http(proxy).line("/health/ready")).isEqualTo("200 ready");
            server.close();
            await().untilAsserted(() -> assertThat(http(proxy).line("/health/ready"))
                    .startsWith("503 not ready: database d: could not connect to 127.0.0.1:"));
        }
    }

    @Test
    void anOutageOfASecondIsToldOfAndALongerOneIsNotReadyUntilTheServerHasBeenBackForASecond() throws Exception {
        int port = unusedPort();
        ServerSocket server = listen(port);
        try (RunningProxy proxy = RunningProxy.at("postgresql://127.0.0.1:" + port + "/*")) {
            Http http = http(proxy);
            assertThat(http.line("/health/ready")).isEqualTo("200 ready");
            server.close();
            await().until(() -> {
                String line = http.line("/health/ready");
                assertThat(line).startsWith("200 ready");
                return line.startsWith("200 ready, but database *: could not connect to 127.0.0.1:" + port);
            });
            server = listen(port);
            await().until(() -> {
                String line = http.line("/health/ready");
                assertThat(line).startsWith("200 ready");
                return line.equals("200 ready");
            });

            long gone = System.nanoTime();
            server.close();
            await().until(() -> http.line("/health/ready").startsWith("503 not ready: database *: could not connect"));
            assertThat(Duration.ofNanos(System.nanoTime() - gone)).isGreaterThan(Duration.ofSeconds(2));
            long back = System.nanoTime();
            server = listen(port);
            await().until(() ->
                    http.line("/health/ready").startsWith("503 not ready: ready once this has held for 1 s"));
            await().until(() -> http.line("/health/ready").equals("200 ready"));
            assertThat(Duration.ofNanos(System.nanoTime() - back)).isGreaterThan(Duration.ofSeconds(1));
        } finally {
            server.close();
        }
    }

    @Test
    void aFullPoolWithAFullQueueStaysReadyAndItsBusyBackendIsProofEnough() throws Exception {
        try (FaultProxy server = FaultProxy.to(POSTGRES.host(), POSTGRES.port(), 1);
                RunningProxy proxy = RunningProxy.at(
                        "postgresql://127.0.0.1:" + server.port() + "/*",
                        "connection_limit",
                        "1",
                        "queue_limit",
                        "1",
                        "pool_timeout",
                        "20s");
                WireClient holder = client(proxy);
                WireClient waiter = client(proxy);
                WireClient refused = client(proxy)) {
            holder.query("begin; select 1");
            waiter.send(Frontend.query("select 2"));
            Pool pool = proxy.pool("postgres", "postgres");
            await().until(() -> pool.waiting() == 1);
            assertThat(refused.query("select 3")).contains("53300");
            assertThat(http(proxy).line("/health/ready")).isEqualTo("200 ready");
            assertThat(server.accepted()).as("connections to the server").isEqualTo(1);
            holder.query("commit");
            waiter.readUntilReady();
        }
    }

    @Test
    void aDatabaseThatOneClientMadeUpDoesNotMakeTheRestUnready() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES)) {
            Assertions.assertThatExceptionOfType(LoginRefused.class)
                    .isThrownBy(() -> WireClient.login("127.0.0.1", proxy.port(), "no_such_db", "postgres", null));
            assertThat(proxy.pool("no_such_db", "postgres").failure()).isNotNull();
            assertThat(http(proxy).line("/health/ready")).isEqualTo("200 ready");
        }
    }

    @Test
    void notReadyWhileShuttingDown() throws Exception {
        RunningProxy proxy = RunningProxy.before(POSTGRES);
        CompletableFuture<Void> stopped;
        try (WireClient holder = client(proxy)) {
            holder.query("begin; select 1");
            stopped = proxy.proxy().shutdown();
            Http http = http(proxy);
            await().untilAsserted(() ->
                    assertThat(http.line("/health/ready")).isEqualTo("503 not ready: pgweir is shutting down"));
            assertThat(http.line("/health/live")).isEqualTo("200 live");
        }
        proxy.close();
        assertThat(stopped).isCompleted();
    }

    private static String url(String host, int port) {
        return "postgresql://" + TestRole.SCRAM.user() + ":" + TestRole.SCRAM.password() + "@" + host + ":" + port
                + "/postgres";
    }

    private static WireClient client(RunningProxy proxy) throws IOException {
        return WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null);
    }

    private static Http http(RunningProxy proxy) {
        return new Http(proxy.proxy().httpAddress());
    }

    private static ServerSocket listen(int port) throws IOException {
        ServerSocket server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress("127.0.0.1", port));
        return server;
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
