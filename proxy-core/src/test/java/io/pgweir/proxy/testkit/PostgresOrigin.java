package io.pgweir.proxy.testkit;

import com.github.dockerjava.api.model.Image;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

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

    /** For speed, and so that hundreds of test clients fit when they go around the proxy. */
    private static final Map<String, String> SERVER_CONFIG = Map.of(
            "max_connections", "300",
            "fsync", "off",
            "synchronous_commit", "off",
            "full_page_writes", "off",
            // Its workers count for a database's CONNECTION LIMIT, which a test of pgweir's own limit uses.
            "autovacuum", "off",
            "max_prepared_transactions", "10");

    static PostgresOrigin choose() throws IOException {
        String url = System.getenv(GIVEN);
        if (url != null && !url.isBlank()) {
            return given(url);
        }
        Optional<String> image = localImage();
        return image.isPresent() ? container(image.get()) : embedded();
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

    /** An image that is already there; nothing is ever pulled, the reaper's image included. */
    static Optional<String> localImage() {
        boolean mayAnswer = System.getenv("DOCKER_HOST") != null || Files.exists(Path.of("/var/run/docker.sock"));
        if (!mayAnswer || !DockerClientFactory.instance().isDockerAvailable()) {
            return Optional.empty();
        }
        List<String> tags = DockerClientFactory.lazyClient().listImagesCmd().exec().stream()
                .map(Image::getRepoTags)
                .filter(repoTags -> repoTags != null)
                .flatMap(Arrays::stream)
                .toList();
        boolean noReaperNeeded = Boolean.parseBoolean(System.getenv("TESTCONTAINERS_RYUK_DISABLED"));
        if (!noReaperNeeded && tags.stream().noneMatch(tag -> tag.startsWith("testcontainers/ryuk:"))) {
            return Optional.empty();
        }
        return tags.stream().filter(tag -> tag.matches("postgres:\\d.*")).max(Comparator.naturalOrder());
    }

    private static PostgresOrigin container(String image) {
        PostgreSQLContainer container = new PostgreSQLContainer(DockerImageName.parse(image));
        container.withImagePullPolicy(name -> false);
        container.withUsername("postgres");
        container.withPassword("postgres");
        container.withDatabaseName("postgres");
        Stream<String> options = SERVER_CONFIG.entrySet().stream()
                .flatMap(entry -> Stream.of("-c", entry.getKey() + "=" + entry.getValue()));
        container.withCommand(Stream.concat(Stream.of("postgres"), options).toArray(String[]::new));
        container.start();
        Runtime.getRuntime().addShutdownHook(new Thread(container::stop, "test-postgres-stop"));
        return new PostgresOrigin(
                "container of " + image,
                container.getHost(),
                container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                "postgres",
                "postgres",
                true);
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
