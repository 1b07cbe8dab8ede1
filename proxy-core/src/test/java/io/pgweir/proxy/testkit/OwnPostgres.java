package io.pgweir.proxy.testkit;

import static org.awaitility.Awaitility.await;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real PostgreSQL of a test's own, from the embedded binaries, to be stopped, crashed and frozen. It keeps its port and its
 * data. With {@code fsync} off, as only processes are killed, and not the machine.
 */
public final class OwnPostgres implements AutoCloseable {
    private final Path directory;
    private final int port;
    private final int maxConnections;
    private final boolean logging;
    private final Map<String, String> more;
    private final EmbeddedPostgres server;
    private long postmaster;
    private List<String> command = List.of();

    private OwnPostgres(Path directory, int port, int maxConnections, boolean logging, Map<String, String> more)
            throws IOException {
        this.more = more;
        this.directory = directory;
        this.port = port;
        this.maxConnections = maxConnections;
        this.logging = logging;
        this.server = launch();
    }

    public static OwnPostgres start(int maxConnections) throws IOException {
        return start(maxConnections, false);
    }

    /** One that logs each statement that changes data when it begins to run, with its parameters: {@link #log}. */
    public static OwnPostgres startLogging(int maxConnections) throws IOException {
        return start(maxConnections, true);
    }

    /** One with settings of the test's own. */
    public static OwnPostgres startWith(int maxConnections, Map<String, String> settings) throws IOException {
        return start(maxConnections, false, settings);
    }

    private static OwnPostgres start(int maxConnections, boolean logging) throws IOException {
        return start(maxConnections, logging, Map.of());
    }

    private static OwnPostgres start(int maxConnections, boolean logging, Map<String, String> more) throws IOException {
        return new OwnPostgres(
                Files.createTempDirectory("pgweir-own-postgres-"), freePort(), maxConnections, logging, more);
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    /** A standby of this server, which streams from it; a server of its own, with a port of its own. */
    public OwnPostgres standby() throws IOException {
        Path copy = Files.createTempDirectory("pgweir-own-standby-");
        try (WireClient session = connect()) {
            session.value("SELECT pg_backup_start('standby', true)");
            copyTree(directory.resolve("data"), copy.resolve("data"));
            String label = session.value("SELECT labelfile FROM pg_backup_stop(false)");
            Files.writeString(copy.resolve("data/backup_label"), String.valueOf(label));
        }
        Files.deleteIfExists(copy.resolve("data/postmaster.pid"));
        Files.createFile(copy.resolve("data/standby.signal"));
        Files.writeString(
                copy.resolve("data/postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=" + port + " user=postgres'\n");
        return new OwnPostgres(copy, freePort(), maxConnections, false, more);
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file));
                try {
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target, ownerOnly());
                    } else {
                        Files.copy(file, target);
                    }
                } catch (NoSuchFileException gone) {
                    // of the running server, which may remove files meanwhile
                }
            }
        }
    }

    private static FileAttribute<?> ownerOnly() {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    }

    private EmbeddedPostgres launch() throws IOException {
        System.setProperty("ot.epg.working-dir", directory.toString());
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(directory.toFile())
                .setDataDirectory(directory.resolve("data"))
                .setCleanDataDirectory(false)
                .setPort(port)
                .setRegisterShutdownHook(false)
                .setLocaleConfig("locale", "C")
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("max_connections", String.valueOf(maxConnections))
                .setServerConfig("fsync", "off")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("autovacuum", "off")
                .setPGStartupWait(Duration.ofSeconds(60));
        if (logging) {
            builder.setServerConfig("logging_collector", "on")
                    .setServerConfig("log_directory", "log")
                    .setServerConfig("log_filename", "server.log")
                    .setServerConfig("log_rotation_age", "0")
                    .setServerConfig("log_rotation_size", "0")
                    .setServerConfig("log_min_messages", "log")
                    .setServerConfig("log_min_error_statement", "panic")
                    .setServerConfig("log_statement", "mod");
        }
        more.forEach(builder::setServerConfig);
        EmbeddedPostgres started = builder.start();
        postmaster = postmaster();
        return started;
    }

    private long postmaster() throws IOException {
        return Long.parseLong(Files.readAllLines(directory.resolve("data/postmaster.pid"))
                .get(0)
                .strip());
    }

    public String host() {
        return "127.0.0.1";
    }

    public int port() {
        return port;
    }

    /** A session past any proxy. */
    public WireClient connect() throws IOException {
        return WireClient.login(host(), port, "postgres", "postgres", null);
    }

    /** Its log since the first start, line by line. Statements that ran are in it, whether they had an effect or not. */
    public Stream<String> log() throws IOException {
        return Files.lines(directory.resolve("data/log/server.log"));
    }

    /** Ends it at once, without a checkpoint; it stays down. */
    public void crash() throws IOException {
        String[] words =
                Files.readString(Path.of("/proc/" + postmaster + "/cmdline")).split("\0");
        command = List.of(words);
        signal("QUIT", List.of(postmaster));
        await("the postmaster is gone").until(() -> !isRunning());
    }

    public boolean isRunning() {
        return ProcessHandle.of(postmaster).map(ProcessHandle::isAlive).orElse(false);
    }

    /** Starts it again after {@link #crash}. Returns when it accepts connections. */
    public void restart() throws IOException {
        List<String> start = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            start.addAll(List.of("unshare", "-U")); // PostgreSQL refuses to run as uid 0
        }
        start.addAll(command);
        new ProcessBuilder(start)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await("accepts connections")
                .pollInterval(Duration.ofMillis(10))
                .ignoreExceptions()
                .until(() -> {
                    try (WireClient client = connect()) {
                        return client.query("SELECT 1").contains("D[1]");
                    }
                });
        postmaster = postmaster();
    }

    /** SIGKILL for one backend; PostgreSQL then ends all others and recovers. */
    public void kill(int backend) throws IOException {
        signal("KILL", List.of((long) backend));
    }

    /** No process of it runs any more, but its sockets are there. */
    public void freeze() throws IOException {
        signal("STOP", all());
    }

    public void thaw() throws IOException {
        signal("CONT", all());
    }

    private List<Long> all() {
        Stream<Long> children = ProcessHandle.of(postmaster).stream()
                .flatMap(ProcessHandle::descendants)
                .map(ProcessHandle::pid);
        return Stream.concat(Stream.of(postmaster), children).toList();
    }

    private static void signal(String name, List<Long> pids) throws IOException {
        List<String> words = new ArrayList<>(List.of("kill", "-" + name));
        pids.forEach(pid -> words.add(String.valueOf(pid)));
        Process kill = new ProcessBuilder(words).inheritIO().start();
        try {
            kill.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        if (ProcessHandle.of(postmaster).map(ProcessHandle::isAlive).orElse(false)) {
            thaw();
            crash(); // its files go anyway, and a standby that does not answer would hold it up
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
