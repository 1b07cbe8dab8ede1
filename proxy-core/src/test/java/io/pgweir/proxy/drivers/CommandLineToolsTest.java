package io.pgweir.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** PostgreSQL's own tools, where they are installed. */
@Timeout(120)
class CommandLineToolsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    private static void assumeInstalled(String tool) {
        boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> new File(directory, tool).canExecute());
        assumeTrue(found, tool + " is not installed");
    }

    private record Result(int exitCode, String output) {}

    private static Result run(RunningProxy proxy, String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(command));
        words.addAll(1, List.of("-h", proxy.host(), "-p", String.valueOf(proxy.port()), "-U", "postgres"));
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("PGCONNECT_TIMEOUT", "10");
        Process process = builder.start();
        process.getOutputStream().close();
        process.onExit().orTimeout(60, TimeUnit.SECONDS).exceptionally(late -> process.destroyForcibly());
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }

    @ParameterizedTest
    @EnumSource
    void psqlRunsScriptsAndItsOwnCommands(Setup setup) throws Exception {
        assumeInstalled("psql");
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            String script = """
                    create table if not exists t(a int, b text);
                    begin; insert into t values (1, 'one'), (2, 'two'); commit;
                    begin; delete from t; rollback;
                    select count(*) from t \\gset
                    \\echo rows :count
                    \\copy t to program 'cat'
                    prepare p as select b from t where a = $1;
                    execute p(2);
                    select 1/0;
                    \\d t
                    drop table t;
                    """;
            File file = File.createTempFile("pgweir", ".sql");
            try {
                java.nio.file.Files.writeString(file.toPath(), script);
                Result result = run(proxy, "psql", "-X", "-A", "-d", database, "-f", file.getPath());
                assertThat(result.output())
                        .contains("rows 2")
                        .contains("1\tone\n2\ttwo")
                        .contains("two")
                        .contains("division by zero")
                        .contains("b|text")
                        .contains("DROP TABLE");
                assertThat(result.exitCode()).isZero();
            } finally {
                assertThat(file.delete()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "TRANSACTION,simple",
        "TRANSACTION,extended",
        "TRANSACTION,prepared",
        "SHUFFLE,simple",
        "SHUFFLE,prepared"
    })
    void twoHundredClientsOfPgbenchConnectForEachTransaction(Setup setup, String protocol) throws Exception {
        assumeInstalled("pgbench");
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            initialise(proxy);
            List<String> command = new ArrayList<>(List.of("pgbench"));
            command.addAll(List.of("-M", protocol, "-c", "200", "-j", "2", "-C", "-t", "3", "-n"));
            if (protocol.equals("prepared")) {
                // A thread of pgbench prepares for one client at a time and waits for it, while others of its clients
                // may
                // hold every backend in their transactions: with more than one statement each it would wait for itself.
                command.add("-S");
            }
            command.add(database);
            Result result = run(proxy, command.toArray(String[]::new));
            assertThat(result.output()).contains("number of transactions actually processed: 600/600");
            assertThat(result.exitCode()).isZero();
            assertThat(POSTGRES.backendsOf(database)).isLessThanOrEqualTo(setup.limit());
            proxy.awaitQuiet();
        }
    }

    @ParameterizedTest
    @CsvSource({"TRANSACTION,simple", "TRANSACTION,extended", "TRANSACTION,prepared", "SESSION,prepared"})
    void clientsOfPgbenchThatStayConnectedShareTheBackends(Setup setup, String protocol) throws Exception {
        assumeInstalled("pgbench");
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            int clients = setup == Setup.SESSION ? 15 : 100;
            initialise(proxy);
            Result result = run(
                    proxy, "pgbench", "-M", protocol, "-c", String.valueOf(clients), "-t", "20", "-n", "-S", database);
            assertThat(result.output()).contains("processed: %d/%d".formatted(20 * clients, 20 * clients));
            assertThat(result.exitCode()).isZero();
        }
    }

    private static void initialise(RunningProxy proxy) throws IOException, InterruptedException {
        Result result = run(proxy, "pgbench", "-i", "-q", "-s", "1", database);
        assertThat(result.exitCode()).as(result.output()).isZero();
    }
}
