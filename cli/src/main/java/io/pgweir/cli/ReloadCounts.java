package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How often a running pgweir has read its configuration again, and what came of it: from its metrics. */
final class ReloadCounts {
    private static final Pattern COUNT =
            Pattern.compile("(?m)^pgweir_reloads_total\\{outcome=\"([a-z]+)\"\\} ([0-9.E]+)$");

    private static final int PATIENCE_MILLIS = 2_000;

    private final @Nullable URI metrics;

    private ReloadCounts(@Nullable URI metrics) {
        this.metrics = metrics;
    }

    /** Those of the process with these settings. */
    static ReloadCounts of(LoadedConfig loaded) {
        return new ReloadCounts(
                HttpAddress.of(loaded).map(address -> address.at("/metrics")).orElse(null));
    }

    /** By outcome; empty if it does not say. */
    Map<String, Double> read() {
        Map<String, Double> counts = new HashMap<>();
        URI address = metrics;
        if (address != null) {
            try {
                HttpURLConnection connection =
                        (HttpURLConnection) address.toURL().openConnection(Proxy.NO_PROXY);
                connection.setConnectTimeout(PATIENCE_MILLIS);
                connection.setReadTimeout(PATIENCE_MILLIS);
                try (InputStream body = connection.getInputStream()) {
                    Matcher found = COUNT.matcher(new String(body.readAllBytes(), StandardCharsets.UTF_8));
                    while (found.find()) {
                        counts.put(found.group(1), Double.valueOf(found.group(2)));
                    }
                }
            } catch (IOException e) {
                return Map.of();
            }
        }
        return counts;
    }
}
