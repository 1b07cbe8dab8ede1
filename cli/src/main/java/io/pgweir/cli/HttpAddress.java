package io.pgweir.cli;

import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.Settings;
import java.net.URI;
import java.util.Optional;

/**
 * Where a running pgweir on this machine serves health and metrics.
 *
 * @param reachable never an address that stands for all of this machine
 */
record HttpAddress(HostPort reachable) {
    /** That of the process with these settings, whatever is wrong with others; empty: it serves none. */
    static Optional<HttpAddress> of(LoadedConfig loaded) {
        String http = loaded.text(Settings.HTTP);
        if (http.equals("off")) {
            return Optional.empty();
        }
        HostPort address = HostPort.parse(http);
        return Optional.of(new HttpAddress(
                switch (address.host()) {
                    case "0.0.0.0" -> new HostPort("127.0.0.1", address.port());
                    case "::" -> new HostPort("::1", address.port());
                    default -> address;
                }));
    }

    URI at(String path) {
        return URI.create("http://" + reachable + path);
    }

    @Override
    public String toString() {
        return reachable.toString();
    }
}
