package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** psql, where it is installed. */
class PsqlConsoleTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    private static String psql(RunningProxy proxy, String database, String script) throws Exception {
        assertInstalled();
        Process process = start(proxy, database);
        process.getOutputStream().write(script.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).exceptionally(late -> process.destroyForcibly());
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static void assertInstalled() {
        boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> new File(directory, "psql").canExecute());
        assumeTrue(found, "psql is not installed");
    }

    private static Process start(RunningProxy proxy, String database) throws IOException {
        return new ProcessBuilder(
                        "psql",
                        "-X",
                        "-A",
                        "-v",
                        "ON_ERROR_STOP=1",
                        "-h",
                        proxy.host(),
                        "-p",
                        String.valueOf(proxy.port()),
                        "-U",
                        "dba",
                        "-d",
                        database,
                        "-f",
                        "-")
                .redirectErrorStream(true)
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pgweir", "pgbouncer"})
    void eachShowAndSeveralCommandsAtOnce(String database) throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, Consoles.USERS)) {
            StringBuilder script = new StringBuilder();
            for (Command command : ConsoleReference.table()) {
                if (command.isShow()) {
                    script.append(command.name().toLowerCase(java.util.Locale.ROOT))
                            .append(";\n");
                }
            }
            script.append("show version \\; show state;\n\\timing on\n");
            script.append("SHOW HELP /* again */ ; -- and again\nRECONNECT;\n");
            String output = psql(proxy, database, script.toString());
            for (Command command : ConsoleReference.table()) {
                if (command.isShow()) {
                    List<Column> shown = command.columnsFor(new Caller("dba", database, "", true, null));
                    assertThat(output)
                            .as(command.name())
                            .contains(String.join(
                                            "|",
                                            shown.stream().map(Column::name).toList()) + "\n");
                }
            }
            assertThat(output).contains("Time: ").contains("RECONNECT").contains("active|yes");
        }
    }

    @Test
    void watchRepeatsUntilItIsInterrupted() throws Exception {
        assertInstalled();
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, Consoles.USERS)) {
            Process process = start(proxy, "pgweir");
            process.getOutputStream().write("SHOW STATE \\watch 0.05\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            int seen = 0;
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null && seen < 3; line = lines.readLine()) {
                    seen += line.equals("active|yes") ? 1 : 0;
                    if (seen == 3) {
                        process.destroy();
                    }
                }
            }
            assertThat(seen).isEqualTo(3);
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
