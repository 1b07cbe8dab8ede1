package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** SIGHUP and {@code pgweir reload}, with a real process. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ReloadIT {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    @Test
    void aSignalAndTheCommandReload(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("pgweir.yaml");
        Path pidFile = directory.resolve("pgweir.pid");
        int http = PgweirProcess.freePort();
        String base = "listen: 127.0.0.1:0\nhttp: 127.0.0.1:" + http + "\nclient_auth: trust\npid_file: pgweir.pid\n"
                + "databases:\n  '*': {host: " + POSTGRES.host() + ", port: " + POSTGRES.port() + "}\n";
        Files.writeString(file, base);
        try (PgweirProcess pgweir = PgweirProcess.start("run", "--config=" + file);
                WireClient client = pgweir.login("postgres")) {
            await().until(() -> Files.exists(pidFile));
            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("30s");
            Files.writeString(file, "pool_timeout: 9s\nlog_level: debug\n" + base);
            new ProcessBuilder("kill", "-HUP", Files.readString(pidFile).strip())
                    .start()
                    .waitFor();
            await("the limit of the file is in force")
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() ->
                            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("9s"));
            await("the log says so")
                    .untilAsserted(() -> assertThat(pgweir.output())
                            .contains("reload: asked for by SIGHUP")
                            .contains("reload: pool_timeout 30s -> 9s: in force now")
                            .contains("reload: done, 2 changes"));
            client.query("select pg_terminate_backend(pg_backend_pid())");
            await("the log has debug lines")
                    .untilAsserted(() -> assertThat(pgweir.output()).contains("DEBUG"));

            Files.writeString(file, "pool_timeout: 8s\n" + base);
            assertThat(reload(file)).contains("has reloaded its configuration").endsWith("exit code 0");
            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("8s");

            Files.writeString(file, "pool_timeout: soon\n" + base);
            assertThat(reload(file))
                    .contains("has not taken the configuration (rejected)")
                    .endsWith("exit code 1");
            assertThat(pgweir.output()).contains(file + ":1:15: 'soon' is not a duration");
            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("8s");

            pgweir.terminate();
            assertThat(pgweir.exitCode()).isZero();
            assertThat(pidFile).doesNotExist();
        }
    }

    @Test
    void whatIsNotPgweirIsNotDisturbed() throws Exception {
        Process other = new ProcessBuilder("sleep", "60").start();
        try (PgweirProcess command = PgweirProcess.start("reload", "--pid", String.valueOf(other.pid()))) {
            assertThat(command.exitCode()).isEqualTo(ExitCode.FAILED);
            assertThat(command.output()).contains("process " + other.pid() + " is not pgweir: it was not disturbed");
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroyForcibly();
        }
        try (PgweirProcess command = PgweirProcess.start("reload")) {
            assertThat(command.exitCode()).isEqualTo(ExitCode.FAILED);
            assertThat(command.output()).contains("which process is meant? Give --pid N");
        }
    }

    private static String reload(Path file) throws Exception {
        try (PgweirProcess command = PgweirProcess.start("reload", "--config=" + file)) {
            int code = command.exitCode();
            return command.output() + "exit code " + code;
        }
    }
}
