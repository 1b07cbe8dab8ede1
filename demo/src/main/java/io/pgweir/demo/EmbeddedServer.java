package io.pgweir.demo;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of this process's own: binaries and data in one temporary directory, on a free loopback port, gone
 * after {@link #close()}. Its superuser has a random password that nobody is told, because other users of the machine
 * reach the loopback interface too; the database {@value #NAME} belongs to the plain role {@value #NAME}.
 */
final class EmbeddedServer implements AutoCloseable {

    /** Database, role and password of the demo. */
    static final String NAME = "demo";

    private static final int MAX_CONNECTIONS = 100;

    private final EmbeddedPostgres postgres;
    private final Path directory;

    private EmbeddedServer(EmbeddedPostgres postgres, Path directory) {
        this.postgres = postgres;
        this.directory = directory;
    }

    static EmbeddedServer start() throws DemoFailure {
        Path directory = null;
        EmbeddedServer server = null;
        try {
            directory = Files.createTempDirectory("pgweir-demo-");
            server = new EmbeddedServer(startIn(directory), directory);
            server.createDemoDatabase();
            return server;
        } catch (IOException | SQLException | RuntimeException e) {
            if (server != null) {
                server.close();
            } else if (directory != null) {
                deleteTree(directory);
            }
            throw new DemoFailure(whyNot(e), e);
        }
    }

    int port() {
        return postgres.getPort();
    }

    /** Connects past the proxy, as the demo's role. */
    Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port() + "/" + NAME + "?ApplicationName=pgweir-demo-watch",
                NAME,
                NAME);
    }

    /** {@code 17.11}. */
    String version() throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version")) {
            row.next();
            return row.getString(1);
        }
    }

    /** Stops the server, whatever is connected, and removes its directory. */
    @Override
    public void close() {
        try {
            postgres.close();
        } catch (IOException e) {
            System.err.println("demo: PostgreSQL did not stop by itself: " + e.getMessage());
        }
        deleteTree(directory);
    }

    private static EmbeddedPostgres startIn(Path directory) throws IOException {
        // Without it the builder also creates a directory under /tmp that stays, and that another user may own.
        System.setProperty("ot.epg.working-dir", directory.toString());
        return EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(directory.toFile())
                .setDataDirectory(directory.resolve("data"))
                .setRegisterShutdownHook(false)
                .setLocaleConfig("locale", "C")
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("max_connections", String.valueOf(MAX_CONNECTIONS))
                .setServerConfig("fsync", "off")
                .setPGStartupWait(Duration.ofSeconds(60))
                .start();
    }

    private void createDemoDatabase() throws SQLException, IOException {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port() + "/postgres?user=postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER ROLE postgres PASSWORD '" + HexFormat.of().formatHex(random) + "'");
            statement.execute("CREATE ROLE " + NAME + " LOGIN PASSWORD '" + NAME + "'");
            statement.execute("CREATE DATABASE " + NAME + " OWNER " + NAME);
            Files.writeString(directory.resolve("data/pg_hba.conf"), "host all all all scram-sha-256\n");
            statement.execute("SELECT pg_reload_conf()");
        }
    }

    private static String whyNot(Exception e) {
        boolean root = "root".equals(System.getProperty("user.name"));
        if (root && !userNamespacesWork()) {
            return "PostgreSQL refuses to run as root, and this system refuses the user namespace (unshare -U) that"
                    + " would hide it: run the demo as a normal user";
        }
        return "the embedded PostgreSQL did not start (" + e.getMessage()
                + "): it needs Linux with glibc on x86-64 or arm64 and about 200 MB in "
                + System.getProperty("java.io.tmpdir");
    }

    private static boolean userNamespacesWork() {
        try {
            return new ProcessBuilder("unshare", "-U", "true").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static void deleteTree(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            System.err.println("demo: remove " + directory + " by hand: " + e.getMessage());
        }
    }
}
