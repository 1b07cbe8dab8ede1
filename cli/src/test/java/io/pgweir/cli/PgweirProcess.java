package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The executable jar as a process of its own, with a small heap. What it writes is kept in a file. */
final class PgweirProcess implements AutoCloseable {
    private static final Pattern LISTENING =
            Pattern.compile("listening on \\S*:(\\d+) for clients(?:, \\S*:(\\d+) for HTTP)?");

    private final Process process;
    private final Path output;
    private final long begunAt = System.nanoTime();

    private PgweirProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts it with these arguments. */
    static PgweirProcess start(String... arguments) throws IOException {
        return startJava(List.of(), arguments);
    }

    /** The same, with flags for Java. */
    static PgweirProcess startJava(List<String> flags, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m"));
        command.addAll(flags);
        command.addAll(List.of("-jar", System.getProperty("pgweir.jar")));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("pgweir-process-", ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PGWEIR_") || name.equals("DATABASE_URL"));
        return new PgweirProcess(builder.start(), output);
    }

    /** Starts it before {@code postgres}, on free ports. */
    static PgweirProcess before(RealPostgres postgres, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "run",
                "--listen=127.0.0.1:0",
                "--http=127.0.0.1:0",
                "--client-auth=trust",
                "--database-url=postgresql://" + postgres.host() + ":" + postgres.port() + "/*"));
        arguments.addAll(List.of(more));
        return start(arguments.toArray(String[]::new));
    }

    /** Starts it before {@code postgres}, on an address that it shares with others, and waits until it listens. */
    static PgweirProcess sharing(int port, RealPostgres postgres, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "run",
                "--listen=127.0.0.1:" + port,
                "--http=127.0.0.1:0",
                "--client-auth=trust",
                "--database-url=postgresql://" + postgres.host() + ":" + postgres.port() + "/*",
                "--reuse-port=true"));
        arguments.addAll(List.of(more));
        PgweirProcess process = start(arguments.toArray(String[]::new));
        process.port();
        return process;
    }

    /** A port that nobody listens on now. */
    static int freePort() throws IOException {
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return unused.getLocalPort();
        }
    }

    /** Waits until it listens. Returns the port for clients. */
    int port() {
        return listening(1);
    }

    /** The same, the port for HTTP. */
    int httpPort() {
        return listening(2);
    }

    private int listening(int which) {
        await("pgweir listens")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> {
                    assertThat(process.isAlive()).as(output()).isTrue();
                    return LISTENING.matcher(output()).find();
                });
        Matcher matcher = LISTENING.matcher(output());
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(which));
    }

    long millisSinceStart() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunAt);
    }

    WireClient login(String database) throws IOException {
        return WireClient.login("127.0.0.1", port(), database, "postgres", null);
    }

    /** SIGTERM. */
    void terminate() {
        process.toHandle().destroy();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    int exitCode() throws InterruptedException {
        assertThat(process.waitFor(40, TimeUnit.SECONDS)).as(output()).isTrue();
        return process.exitValue();
    }

    /** Everything it has written. */
    String output() {
        try {
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Most memory that was resident, in MiB; 0 where the system does not say. */
    long mostResidentMiB() throws IOException {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElse(0);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        process.onExit().join();
        Files.delete(output);
    }
}
