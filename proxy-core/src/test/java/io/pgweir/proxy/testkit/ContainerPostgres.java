package io.pgweir.proxy.testkit;

import com.github.dockerjava.api.command.InspectContainerResponse;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The tests' PostgreSQL in a container: where a Docker engine answers, has every image that this needs, and starts one that a client
 * reaches. Nothing is pulled ({@link NeverPull}), and an engine that hangs is given up after seconds.
 */
final class ContainerPostgres {

    /** For an engine to run a container, and before it the reaper's. */
    private static final Duration START = Duration.ofSeconds(10);

    /** For PostgreSQL in it to make its data directory and take a client, on a busy machine. */
    private static final Duration READY = Duration.ofSeconds(45);

    private static final Pattern IMAGE = Pattern.compile("postgres:(\\d+)\\b.*");

    /** The version of the embedded binaries; tests may use what older ones lack. */
    private static final int OLDEST = 17;

    private static final String USER = "postgres";

    private ContainerPostgres() {}

    /** Starts one, to be stopped when the JVM ends. */
    static PostgresOrigin start(Map<String, String> serverConfig) throws NoContainer {
        boolean reaperDisabled = Boolean.parseBoolean(System.getenv("TESTCONTAINERS_RYUK_DISABLED"));
        return run(image(DockerEngine.tags(), reaperDisabled), serverConfig);
    }

    /** The newest image of PostgreSQL among these names, and of its tags the shortest. */
    static String image(Collection<String> tags, boolean reaperDisabled) throws NoContainer {
        if (!reaperDisabled && tags.stream().noneMatch(tag -> tag.startsWith("testcontainers/ryuk:"))) {
            throw new NoContainer(
                    "the Docker engine has no image testcontainers/ryuk, and TESTCONTAINERS_RYUK_DISABLED is not true");
        }
        return tags.stream()
                .filter(tag -> version(tag) >= OLDEST)
                .max(Comparator.comparingInt(ContainerPostgres::version).thenComparing(Comparator.reverseOrder()))
                .orElseThrow(() ->
                        new NoContainer("the Docker engine has no image postgres:VERSION of " + OLDEST + " or later"));
    }

    private static int version(String tag) {
        Matcher matcher = IMAGE.matcher(tag);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static PostgresOrigin run(String image, Map<String, String> serverConfig) throws NoContainer {
        CompletableFuture<Void> running = new CompletableFuture<>();
        PostgreSQLContainer container = new PostgreSQLContainer(DockerImageName.parse(image)) {
            @Override
            protected void containerIsStarting(InspectContainerResponse info) {
                running.complete(null);
            }
        };
        container.withImagePullPolicy(new NeverPull());
        container.withUsername(USER);
        container.withPassword(USER);
        container.withDatabaseName("postgres");
        Stream<String> options = serverConfig.entrySet().stream()
                .flatMap(entry -> Stream.of("-c", entry.getKey() + "=" + entry.getValue()));
        container.withCommand(Stream.concat(Stream.of("postgres"), options).toArray(String[]::new));
        CompletableFuture<Void> ready =
                CompletableFuture.runAsync(() -> startAndConnect(container), DockerEngine::inBackground);
        try {
            DockerEngine.await(START, "started a container of " + image, CompletableFuture.anyOf(running, ready));
            DockerEngine.await(READY, "a server that takes clients in a container of " + image, ready);
        } catch (NoContainer e) {
            // Also one that is there too late.
            ready.whenCompleteAsync((done, failed) -> container.stop(), DockerEngine::inBackground);
            throw e;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(container::stop, "test-postgres-stop"));
        return new PostgresOrigin(
                "container of " + image,
                container.getHost(),
                container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                USER,
                USER,
                true);
    }

    /** Testcontainers waits for a line in the server's log; that the port can be reached from here is another thing. */
    private static void startAndConnect(PostgreSQLContainer container) {
        container.start();
        try {
            DriverManager.getConnection(container.getJdbcUrl(), USER, USER).close();
        } catch (SQLException e) {
            throw new IllegalStateException("no connection to " + container.getJdbcUrl() + ": " + e.getMessage(), e);
        }
    }
}
