package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineInterfaceTest {
    private static final String URL = "postgresql://app:sesame@db:5432/shop";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();

    private int run(String... args) {
        out.reset();
        err.reset();
        PrintStream toOut = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream toErr = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = new CommandLineInterface(toOut, toErr, environment).run(args);
        assertThat(out() + err()).doesNotContain("sesame");
        return code;
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "help"})
    void helpFitsAScreen(String argument) {
        assertThat(run(argument)).isZero();
        assertThat(out().lines())
                .hasSizeLessThan(24)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(out())
                .contains("run ", "check ", "health ", "status ", "top ", "completion ", "version ", "help ", "demo ");
    }

    @Test
    void helpOfRunNamesEverySettingOnceInLinesOfAtMostAHundred() {
        assertThat(run("run", "--help")).isZero();
        assertThat(out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
        for (Setting<?> setting : Settings.all()) {
            long lines = out().lines()
                    .filter(line -> line.startsWith("  " + setting.flag() + " "))
                    .count();
            assertThat(lines).as(setting.name()).isEqualTo(setting.hidden() ? 0 : 1);
        }
        String byFlag = out();
        run("help", "run");
        assertThat(out()).isEqualTo(byFlag);
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "health", "status", "top", "completion", "version"})
    void helpOfACommandSaysHowToUseIt(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out()).startsWith("Usage: pgweir " + command);
        assertThat(out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(105));
        String byFlag = out();
        run("help", command);
        assertThat(out()).isEqualTo(byFlag);
    }

    @Test
    void completionIsForShellsThatAreKnown() {
        assertThat(run("completion", "zsh")).isZero();
        assertThat(out()).startsWith("#!/usr/bin/env bash").contains("--pool-timeout", "complete -F");
        assertThat(run("completion", "fish")).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(err()).contains("one of bash, zsh");
    }

    @Test
    void healthIsWhatTheRunningProxyAnswers() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        AtomicInteger code = new AtomicInteger(200);
        server.createContext("/health/ready", exchange -> {
            byte[] body = (code.get() == 200 ? "ready\n" : "not ready: why\n").getBytes(StandardCharsets.UTF_8);
            boolean silent = code.get() == 404;
            exchange.sendResponseHeaders(code.get(), silent ? -1 : body.length);
            if (!silent) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        try {
            assertThat(run("health", "--http", "0.0.0.0:" + port)).isEqualTo(ExitCode.OK);
            assertThat(out()).isEqualTo("ready" + System.lineSeparator());
            code.set(503);
            assertThat(run("health", "--http", "127.0.0.1:" + port)).isEqualTo(ExitCode.FAILED);
            assertThat(err()).contains("not ready: why");
            code.set(404);
            assertThat(run("health", "--http", "127.0.0.1:" + port)).isEqualTo(ExitCode.FAILED);
            assertThat(err()).contains("no pgweir at 127.0.0.1:" + port);
        } finally {
            server.stop(0);
        }
        assertThat(run("health", "--http", "127.0.0.1:" + port)).isEqualTo(ExitCode.FAILED);
        assertThat(err()).contains("no answer from 127.0.0.1:" + port);
    }

    @Test
    void healthNeedsNothingButTheAddress() {
        assertThat(run("health", "--http", "off")).isEqualTo(ExitCode.FAILED);
        assertThat(err()).contains("http is off").contains("--http 127.0.0.1:6433");
        environment.put("PGWEIR_HTTP", "[::1]:1");
        environment.put("DATABASE_URL", "mysql://elsewhere");
        assertThat(run("health")).isEqualTo(ExitCode.FAILED);
        assertThat(err())
                .contains("no answer from [::1]:1")
                .contains("note: DATABASE_URL")
                .doesNotContain("nothing was started");
        assertThat(run("health", "--htp", "127.0.0.1:1")).isEqualTo(ExitCode.WRONG_INPUT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"health", "status", "top", "reload"})
    void whereAddressOrTokenIsWrongNobodyElseIsAsked(String command, @TempDir Path directory) throws IOException {
        String none = directory.resolve("none").toString();
        for (List<String> wrong :
                List.of(List.of("--http", "6433"), List.of("--config", none), List.of("--http-token-file", none))) {
            assertThat(run(command, wrong.get(0), wrong.get(1))).isEqualTo(ExitCode.WRONG_INPUT);
            assertThat(err()).contains("nobody was asked").contains("  " + wrong.get(0) + ": ");
        }
        for (String variable : List.of("PGWEIR_HTTP", "PGWEIR_HTTP_TOKEN", "PGWEIR_CONFIG")) {
            environment.put(variable, "nowhere");
            assertThat(run(command)).isEqualTo(ExitCode.WRONG_INPUT);
            assertThat(err()).contains("  " + variable + ": ");
            environment.clear();
        }
        Path file = directory.resolve("pgweir.yaml");
        for (String text : List.of("http: [a, b]", "http: 6433", "http:\n", "http: {", "none", "http_token: sesame")) {
            Files.writeString(file, text);
            assertThat(run(command, "--config", file.toString())).as(text).isEqualTo(ExitCode.WRONG_INPUT);
            assertThat(err()).as(text).contains("  " + file);
            assertThat(run(command, "--config", file.toString(), "--http", "127.0.0.1:1"))
                    .as("the address is known, with %s in the file", text)
                    .isEqualTo(ExitCode.FAILED);
        }
    }

    @Test
    void withoutACommandTheHelpIsShownAndTheUsageIsWrong() {
        assertThat(run()).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(out()).contains("Usage: pgweir COMMAND");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "rnu, 'rnu' is no command; did you mean 'run'?",
                "chekc, did you mean 'check'?",
                "--listen, options stand after the command",
                "postgresql://app:sesame@h/d, a command is missing"
            })
    void anUnknownCommandIsWrongUsage(String argument, String message) {
        assertThat(run(argument)).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(err()).contains(message);
    }

    @Test
    void checkPrintsValuesWithTheirPlacesPoolsAndNotes() {
        environment.put("DATABASE_URL", URL + "?connection_limit=5&pgbouncer=true");
        assertThat(run("check", "--queue-limit", "7")).isZero();
        assertThat(out().lines().map(line -> line.strip().replaceAll(" +", " ")))
                .contains(
                        "database_url *** DATABASE_URL",
                        "listen 127.0.0.1:6432 default",
                        "connection_limit 5 DATABASE_URL?connection_limit",
                        "queue_limit 7 --queue-limit",
                        "Database 'shop' -> 'shop' on db:5432, sslmode prefer",
                        "pools: shop/app; at most 5 backends each",
                        "No problems found.")
                .anyMatch(line -> line.startsWith("DATABASE_URL?pgbouncer: accepted without effect"));
        assertThat(err()).isEmpty();
    }

    @Test
    void checkShowsTheExceptionsForUsersAndApplications(@TempDir Path directory) throws IOException {
        environment.put("DATABASE_URL", URL);
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, "users: {app: {pool_timeout: 5s}}\napplications: {pg_dump: {statement_timeout: 0}}\n");
        assertThat(run("check", "--config", file.toString())).isZero();
        assertThat(out().lines().map(line -> line.strip().replaceAll(" +", " ")))
                .contains(
                        "Instead, for application 'pg_dump'",
                        "statement_timeout off " + file + ":2:45",
                        "Instead, for user 'app'",
                        "pool_timeout 5s " + file + ":1:29");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "check"})
    void allProblemsAreReportedAtOnceAndNothingIsStarted(String command) {
        int code = run(
                command,
                "--pool-timeot",
                "5s",
                "--queue-limit",
                "x",
                "--listen",
                "a",
                "--listen",
                "b:1",
                "--begin=later",
                "--bogus=sesame",
                URL,
                "--http");
        assertThat(code).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(err().lines().map(String::strip))
                .containsExactlyInAnyOrder(
                        "pgweir: nothing was started, because of these 9 problems:",
                        "--listen: the option is given twice",
                        "--listen: 'a' has no port: write HOST:PORT, for example 127.0.0.1:6432",
                        "--http: the value is missing: write --http HOST:PORT|off",
                        "--pool-timeot: no such option; did you mean '--pool-timeout'?",
                        "--bogus: no such option",
                        "arguments: there is an argument that belongs to no option: a database URL is given with --database-url",
                        "--begin: 'later' is unknown: write one of defer, forward",
                        "--queue-limit: 'x' is not a whole number: write a number from 0 to 1000000",
                        "--database-url: no database is named: give --database-url, set DATABASE_URL, or write databases "
                                + "into a file for --config");
    }

    @Test
    void anUnknownOptionIsNotTakenForAValue() {
        environment.put("DATABASE_URL", URL);
        assertThat(run("check", "--listen", "--bogus")).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(err()).contains("--listen: the value is missing: an unknown option stands in its place");
    }

    @Test
    void hiddenSettingsWorkButAreNotSuggested() {
        environment.put("DATABASE_URL", URL);
        assertThat(run("check", "--shuffle", "true")).isZero();
        assertThat(out()).doesNotContain("shuffle");
        assertThat(run("check", "--shuffel", "true")).isEqualTo(ExitCode.WRONG_INPUT);
        assertThat(err()).contains("--shuffel: no such option\n");
    }

    @Test
    void versionIsOneLine() {
        assertThat(run("version")).isZero();
        assertThat(out()).matches("pgweir \\S+ \\(Java \\d+, .*\\)\\R");
    }
}
