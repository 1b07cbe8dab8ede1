package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A proxy before {@code postgres} whose configuration is a file that can be written anew. */
final class Reloading implements AutoCloseable {
    private final RealPostgres postgres;
    private final Path file;
    private final RunningProxy proxy;

    /** @param lines the file; {@code $HOST} and {@code $OTHER} are two names of the server, with {@code $PORT} */
    Reloading(RealPostgres postgres, Path directory, String lines, String... settings) throws IOException {
        this.postgres = postgres;
        this.file = directory.resolve("pgweir.yaml");
        write(lines);
        this.proxy = RunningProxy.with(file, settings);
    }

    void write(String lines) throws IOException {
        Files.writeString(
                file,
                lines.replace("$HOST", postgres.host())
                        .replace("$OTHER", other(postgres.host()))
                        .replace("$PORT", String.valueOf(postgres.port())));
    }

    /** Another name for the same address. */
    static String other(String host) throws IOException {
        String address = InetAddress.getByName(host).getHostAddress();
        return address.equals(host) ? "localhost" : address;
    }

    ReloadReport reload() throws Exception {
        return proxy.proxy().reload("a test").get(20, TimeUnit.SECONDS);
    }

    /** Writes the file anew and reloads it, which must work. */
    ReloadReport to(String lines) throws Exception {
        write(lines);
        ReloadReport report = reload();
        assertThat(report.problems()).isEmpty();
        return report;
    }

    RunningProxy proxy() {
        return proxy;
    }

    WireClient login(String database) throws IOException {
        return login(database, "postgres", null);
    }

    WireClient login(String database, String user, @Nullable String password) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, user, password);
    }

    @Override
    public void close() {
        proxy.close();
    }
}
