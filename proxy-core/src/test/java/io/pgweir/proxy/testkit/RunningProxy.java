package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.app.StartupFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A proxy in this JVM, configured as a user would by settings' names. Any database, clients by trust, two event loops,
 * unless said otherwise; the suites' system properties {@code pgweir.test.shuffle=true} and {@code pgweir.test.transport} turn the
 * shuffle switch on and choose the transport.
 * Closing it asserts that nothing is left: no waiter, no backend.
 */
public final class RunningProxy implements AutoCloseable {
    private final Proxy proxy;

    private RunningProxy(Proxy proxy) {
        this.proxy = proxy;
    }

    /** Before {@code postgres}; {@code settings} in pairs of name and value, e.g. {@code "connection_limit", "5"}. */
    public static RunningProxy before(RealPostgres postgres, String... settings) {
        return at("postgresql://" + postgres.host() + ":" + postgres.port() + "/*", settings);
    }

    /** The same, with {@code network} between the proxy and PostgreSQL. */
    public static RunningProxy before(FaultProxy network, String... settings) {
        return at("postgresql://" + network.host() + ":" + network.port() + "/*", settings);
    }

    /** Before the server that {@code url} names. */
    public static RunningProxy at(String url, String... settings) {
        return start(Map.of("database_url", url), settings);
    }

    /** With a configuration file, which names the databases. */
    public static RunningProxy with(Path file, String... settings) {
        return start(Map.of("config", file.toString()), settings);
    }

    private static RunningProxy start(Map<String, String> source, String... settings) {
        Map<String, String> flags = new HashMap<>(source);
        flags.put("listen", "127.0.0.1:0");
        flags.put("http", "127.0.0.1:0");
        flags.put("client_auth", "trust");
        flags.put("event_loops", "2");
        flags.put("transport", System.getProperty("pgweir.test.transport", "auto"));
        if (Boolean.getBoolean("pgweir.test.shuffle")) {
            flags.put("shuffle", "true");
        }
        for (int i = 0; i < settings.length; i += 2) {
            flags.put(settings[i], settings[i + 1]);
        }
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags, Map.of()));
        assertThat(loaded.problems()).isEmpty();
        try {
            return new RunningProxy(Proxy.start(loaded));
        } catch (StartupFailure e) {
            throw new IllegalStateException(e);
        }
    }

    public Proxy proxy() {
        return proxy;
    }

    public String host() {
        return "127.0.0.1";
    }

    public int port() {
        return proxy.clientAddress().getPort();
    }

    /** For pgjdbc, as user postgres. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/" + database + "?user=postgres";
    }

    /** The pool of a database and user; it must exist. */
    public Pool pool(String database, String user) {
        return proxy.pools().pools().stream()
                .filter(pool -> pool.key().database().equals(database)
                        && pool.key().user().equals(user))
                .findFirst()
                .orElseThrow();
    }

    /** Waits until no client waits and every backend that is open is idle. */
    public void awaitQuiet() {
        await("pool is quiet").atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            for (Pool pool : proxy.pools().pools()) {
                assertThat(pool.waiting()).as("waiting in %s", pool.key()).isZero();
                assertThat(pool.idle()).as("idle of open in %s", pool.key()).isEqualTo(pool.open());
            }
        });
    }

    @Override
    public void close() {
        try {
            proxy.shutdown().get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("the proxy did not stop", e);
        }
        for (Pool pool : proxy.pools().pools()) {
            assertThat(pool.waiting()).as("waiting in %s", pool.key()).isZero();
            assertThat(pool.open()).as("open in %s", pool.key()).isZero();
        }
    }
}
