package io.pgweir.demo;

import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.app.StartupFailure;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** The proxy of the demo, configured by the same settings that {@code pgweir run} reads from its flags. */
final class DemoProxy implements AutoCloseable {

    private static final int STOP_SECONDS = 10;

    private final Proxy proxy;

    private DemoProxy(Proxy proxy) {
        this.proxy = proxy;
    }

    static DemoProxy start(int serverPort, DemoOptions options) throws DemoFailure {
        Map<String, String> flags = Map.of(
                "database_url", "postgresql://demo:demo@127.0.0.1:" + serverPort + "/demo",
                "connection_limit", String.valueOf(options.connectionLimit()),
                "shutdown_timeout", (STOP_SECONDS / 2) + "s",
                "listen", "127.0.0.1:" + options.port(),
                "http", "127.0.0.1:" + options.http());
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags, Map.of()));
        if (loaded.config().isEmpty()) {
            throw new DemoFailure(
                    loaded.problems().stream().map(ConfigProblem::toString).collect(Collectors.joining("; ")));
        }
        try {
            return new DemoProxy(Proxy.start(loaded));
        } catch (StartupFailure e) {
            throw new DemoFailure(String.valueOf(e.getMessage()), e);
        }
    }

    /** Drains and stops, within a few seconds. */
    @Override
    public void close() {
        try {
            proxy.shutdown().get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            System.err.println("demo: the proxy did not stop by itself: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
