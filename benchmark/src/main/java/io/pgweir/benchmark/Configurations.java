package io.pgweir.benchmark;

import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.TransportChoice;
import java.util.Locale;
import java.util.Map;

/** Configurations of the proxies that are measured. */
final class Configurations {
    private Configurations() {}

    /** Clients by trust, any port, any database, before the server on {@code port} of this machine. */
    static LoadedConfig before(int port, TransportChoice transport, int loops) {
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(
                Map.of(
                        "database_url",
                        "postgresql://bench@127.0.0.1:" + port + "/*",
                        "listen",
                        "127.0.0.1:0",
                        "http",
                        "off",
                        "client_auth",
                        "trust",
                        "event_loops",
                        String.valueOf(loops),
                        "transport",
                        transport.name().toLowerCase(Locale.ROOT)),
                Map.of()));
        if (!loaded.problems().isEmpty()) {
            throw new IllegalStateException(loaded.problems().toString());
        }
        return loaded;
    }
}
