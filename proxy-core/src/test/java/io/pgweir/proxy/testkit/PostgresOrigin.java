package io.pgweir.proxy.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the test server comes from. {@code ours} means that this JVM started it and may change its files; such a server
 * is stopped, and its files are removed, when the JVM ends.
 */
record PostgresOrigin(
        String description,
        String host,
        int port,
        String user,
        @Nullable String password,
        boolean ours) {

    private static final String GIVEN = "PGWEIR_TEST_DATABASE_URL";

    private static final String WANTED = "PGWEIR_TEST_POSTGRES";

    /** For speed, and so that hundreds of test clients fit when they go around the proxy. */
    private static final Map<String, String> SERVER_CONFIG = Map.of(
            "max_connections", "300",
            "fsync", "off",
            "synchronous_commit", "off",
            "full_page_writes", "off",
            // Its workers count for a database's CONNECTION LIMIT, which a test of pgweir's own limit uses.
            "autovacuum", "off",
            "max_prepared_transactions", "10");

    /** @throws NoContainer if {@code PGWEIR_TEST_POSTGRES} asks for a container and there is none */
    static PostgresOrigin choose() throws Exception {
        return choose(
                System.getenv(), () -> ContainerPostgres.start(SERVER_CONFIG), PostgresOrigin::embedded, System.err);
    }

    /** {@code log} gets the line that says why it is not a container. */
    static PostgresOrigin choose(
            Map<String, String> environment,
            Callable<PostgresOrigin> container,
            Callable<PostgresOrigin> embedded,
            PrintStream log)
            throws Exception {
        String url = environment.getOrDefault(GIVEN, "");
        if (!url.isBlank()) {
            return given(url);
        }
        String wanted = environment.getOrDefault(WANTED, "");
        return switch (wanted) {
            case "container" -> container.call();
            case "embedded" -> embedded.call().describedAs("embedded, as " + WANTED + " asks for");
            case "" -> {
                try {
                    yield container.call();
                } catch (NoContainer e) {
                    PostgresOrigin origin = embedded.call().describedAs("embedded, because " + e.getMessage());
                    log.println("The tests' PostgreSQL is " + origin.description());
                    yield origin;
                }
            }
            default ->
                throw new IllegalArgumentException(WANTED + " is " + wanted + "; it may be container or embedded");
        };
    }

    static PostgresOrigin given(String url) {
        URI uri = URI.create(url.strip());
        String[] credentials = uri.getUserInfo() == null
                ? new String[] {"postgres"}
                : uri.getUserInfo().split(":", 2);
        return new PostgresOrigin(
                "given by " + GIVEN,
                uri.getHost(),
                uri.getPort() < 0 ? 5432 : uri.getPort(),
                credentials[0],
                credentials.length > 1 ? credentials[1] : null,
                false);
    }

    private PostgresOrigin describedAs(String other) {
        return new PostgresOrigin(other, host, port, user, password, ours);
    }

    /** As root the binaries run inside {@code unshare -U}, because PostgreSQL refuses to run as uid 0. */
    private static PostgresOrigin embedded() throws IOException {
        Path directory = Files.createTempDirectory("pgweir-test-postgres-");
        // Without it the builder also creates a directory of its own under /tmp, which stays.
        System.setProperty("ot.epg.working-dir", directory.toString());
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(directory.toFile())
                .setDataDirectory(directory.resolve("data"))
                .setRegisterShutdownHook(false)
                .setLocaleConfig("locale", "C")
                .setServerConfig("unix_socket_directories", "")
                .setPGStartupWait(Duration.ofSeconds(60));
        SERVER_CONFIG.forEach(builder::setServerConfig);
        EmbeddedPostgres server;
        try {
            server = builder.start();
        } catch (IOException | RuntimeException e) {
            deleteTree(directory);
            throw e;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, directory), "test-postgres-stop"));
        return new PostgresOrigin("embedded", "127.0.0.1", server.getPort(), "postgres", null, true);
    }

    private static void stop(EmbeddedPostgres server, Path directory) {
        try {
            server.close();
            deleteTree(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
