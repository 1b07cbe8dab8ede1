package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgweir.proxy.testkit.RunningProxy;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs PostgreSQL's own client, where it is installed. */
final class Psql {
    private Psql() {}

    record Result(int exitCode, String output) {}

    /** One statement in database postgres; {@code environment} has libpq's variables. */
    static Result run(RunningProxy proxy, String user, String sql, Map<String, String> environment) throws Exception {
        assumeTrue(
                Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .anyMatch(directory -> new File(directory, "psql").canExecute()),
                "psql is not installed");
        ProcessBuilder builder = new ProcessBuilder(
                        "psql",
                        "-X",
                        "-h",
                        "localhost",
                        "-p",
                        String.valueOf(proxy.port()),
                        "-U",
                        user,
                        "-d",
                        "postgres",
                        "-c",
                        sql)
                .redirectErrorStream(true);
        builder.environment().put("PGCONNECT_TIMEOUT", "10");
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }
}
