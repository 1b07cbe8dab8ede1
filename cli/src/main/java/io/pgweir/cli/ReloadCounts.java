package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How often a running pgweir has read its configuration again, and what came of it: from its metrics. */
final class ReloadCounts {
    private static final Pattern COUNT =
            Pattern.compile("(?m)^pgweir_reloads_total\\{outcome=\"([a-z]+)\"\\} ([0-9.E]+)$");

    private final @Nullable RunningPgweir pgweir;

    private ReloadCounts(@Nullable RunningPgweir pgweir) {
        this.pgweir = pgweir;
    }

    /** Those of the process with these settings. */
    static ReloadCounts of(LoadedConfig loaded) {
        return new ReloadCounts(RunningPgweir.of(loaded));
    }

    /** By outcome; empty if it does not say. */
    Map<String, Double> read() {
        if (pgweir == null) {
            return Map.of();
        }
        Map<String, Double> counts = new HashMap<>();
        try {
            Matcher found = COUNT.matcher(pgweir.get("/metrics").body());
            while (found.find()) {
                counts.put(found.group(1), Double.valueOf(found.group(2)));
            }
        } catch (IOException e) {
            return Map.of();
        }
        return counts;
    }
}
