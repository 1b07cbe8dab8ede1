package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.WireClient;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Start and end of the real process. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ExecutableJarIT {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    @Test
    void itListensSoonAndServes() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES)) {
            pgweir.port();
            long listening = pgweir.millisSinceStart();
            try (WireClient client = pgweir.login("postgres")) {
                assertThat(client.value("select 42")).isEqualTo("42");
            }
            System.out.printf(
                    "start: listening after %d ms, first query after %d ms, %d MiB resident%n",
                    listening, pgweir.millisSinceStart(), pgweir.mostResidentMiB());
            assertThat(listening).isLessThan(15_000);
        }
    }

    /** The native library is in the jar for two kinds of machines; where it cannot be loaded the JDK serves. */
    @Test
    void itSpeaksTls(@TempDir Path directory) throws Exception {
        TestCertificates certificates = TestCertificates.in(directory);
        TestCertificates.Issued server = certificates.server();
        try (PgweirProcess pgweir = PgweirProcess.before(
                        POSTGRES, "--tls-cert=" + server.certificate(), "--tls-key=" + server.key());
                WireClient client = WireClient.connectTls("127.0.0.1", pgweir.port(), certificates.context(null))) {
            assertThat(client.logIn("postgres", "postgres", null).value("select 42"))
                    .isEqualTo("42");
            if (System.getProperty("os.name").equals("Linux")) {
                assertThat(pgweir.output()).contains("BoringSSL").doesNotContain("cannot be loaded");
            }
        }
        Files.writeString(server.key(), "nothing");
        try (PgweirProcess pgweir =
                PgweirProcess.before(POSTGRES, "--tls-cert=" + server.certificate(), "--tls-key=" + server.key())) {
            assertThat(pgweir.exitCode()).isEqualTo(ExitCode.FAILED);
            assertThat(pgweir.output())
                    .contains("pgweir: TLS to clients cannot be set up: tls_key '" + server.key()
                            + "' holds nothing in PEM form")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aDatabaseThatIsDownIsNoObstacleAtTheStart() throws Exception {
        int port;
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = unused.getLocalPort();
        }
        try (PgweirProcess pgweir = PgweirProcess.start(
                        "run",
                        "--listen=127.0.0.1:0",
                        "--http=127.0.0.1:0",
                        "--client-auth=trust",
                        "--database-url=postgresql://127.0.0.1:" + port + "/*");
                WireClient client = pgweir.login("app")) {
            assertThat(client.query("select 1")).startsWith("E[57P03 ").endsWith("Z[I]");
        }
    }

    @Test
    void aRehearsalEndsWellAndMakesAnArchiveWithWhichPgweirStarts(@TempDir Path directory) throws Exception {
        Path archive = directory.resolve("pgweir.jsa");
        try (PgweirProcess rehearsal =
                PgweirProcess.startJava(List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:cds=off"), "rehearse")) {
            assertThat(rehearsal.exitCode()).as(rehearsal.output()).isZero();
            assertThat(rehearsal.output()).doesNotContain("ERROR", "WARN ", "rehearsal failed");
        }
        assertThat(archive).isNotEmptyFile();
        List<String> with = List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:class+load", "-Xlog:cds=off");
        try (PgweirProcess pgweir = PgweirProcess.startJava(
                with, "run", "--listen=127.0.0.1:0", "--http=off", "--database-url=postgresql://a:b@127.0.0.1:1/a")) {
            pgweir.port();
            // A class of each layer comes out of the archive, not out of the jar.
            for (String name : List.of("cli.RunCommand", "proxy.app.Proxy", "protocol.sql.SessionEffectReader")) {
                assertThat(pgweir.output().lines().filter(line -> line.contains("io.pgweir." + name + " ")))
                        .first()
                        .asString()
                        .contains("shared objects file");
            }
        }
    }

    @Test
    void healthIsAskedWithNothingButTheAddressAndNeedsNoBackend() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES, "--connection-limit=1");
                WireClient holder = pgweir.login("postgres")) {
            holder.query("begin");
            holder.query("select 1");
            try (PgweirProcess health = PgweirProcess.start("health", "--http=127.0.0.1:" + pgweir.httpPort())) {
                assertThat(health.exitCode()).as(health.output()).isZero();
                assertThat(health.output().strip()).isEqualTo("ready");
            }
        }
    }

    @Test
    void aPortInUseIsOneSentenceAndExitCodeOne() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                PgweirProcess pgweir = PgweirProcess.start(
                        "run",
                        "--listen=127.0.0.1:" + taken.getLocalPort(),
                        "--http=127.0.0.1:0",
                        "--client-auth=trust",
                        "--database-url=postgresql://127.0.0.1:5432/*")) {
            assertThat(pgweir.exitCode()).isEqualTo(ExitCode.FAILED);
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertThat(pgweir.output().lines().filter(line -> line.contains(address)))
                    .singleElement()
                    .asString()
                    .startsWith("pgweir: cannot listen on " + address)
                    .contains("--listen");
            assertThat(pgweir.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void aConfigurationThatCannotBeReadIsExitCodeTwo(@TempDir Path directory) throws Exception {
        Path missing = directory.resolve("missing.yaml");
        try (PgweirProcess pgweir = PgweirProcess.start("run", "--config=" + missing)) {
            assertThat(pgweir.exitCode()).isEqualTo(ExitCode.WRONG_INPUT);
            assertThat(pgweir.output()).contains(missing.toString()).doesNotContain("\tat ");
        }
        Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "connection_limt: 5\npool_timeout: soon\n");
        try (PgweirProcess pgweir = PgweirProcess.start("run", "--config=" + wrong)) {
            assertThat(pgweir.exitCode()).isEqualTo(ExitCode.WRONG_INPUT);
            assertThat(pgweir.output())
                    .contains("connection_limt")
                    .contains("connection_limit")
                    .contains("wrong.yaml:2:15: 'soon'")
                    .doesNotContain("listening")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aSecondSigtermEndsItAtOnce() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES);
                WireClient working = pgweir.login("postgres")) {
            working.query("begin");
            working.query("select 1");
            pgweir.terminate();
            await().until(() -> pgweir.output().contains("signal 15: shutting down"));
            assertThat(pgweir.isAlive()).isTrue();
            long again = System.nanoTime();
            pgweir.terminate();
            assertThat(pgweir.exitCode()).isEqualTo(128 + 15);
            assertThat(Duration.ofNanos(System.nanoTime() - again)).isLessThan(Duration.ofSeconds(5));
            assertThat(pgweir.output()).doesNotContain("stopped");
        }
    }

    @Test
    void sigtermLetsTransactionsEndAndExitsWithZero() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES);
                WireClient idle = pgweir.login("postgres");
                WireClient working = pgweir.login("postgres")) {
            working.query("begin");
            working.query("create temp table t(a int) on commit drop");
            pgweir.terminate();
            assertThat(ServerMessage.transcript(idle.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(working.query("insert into t values (1)")).isEqualTo("C[INSERT 0 1] Z[T]");
            assertThat(pgweir.isAlive()).isTrue();
            assertThat(working.query("commit")).startsWith("C[COMMIT] Z[I]");
            long committed = System.nanoTime();
            assertThat(pgweir.exitCode()).as(pgweir.output()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - committed)).isLessThan(Duration.ofSeconds(10));
            assertThat(pgweir.output()).contains("stopped").doesNotContain("ERROR");
        }
    }
}
