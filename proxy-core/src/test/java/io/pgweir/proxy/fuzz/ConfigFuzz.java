package io.pgweir.proxy.fuzz;

import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Any file as configuration: a configuration, or problems that somebody can read, and never both. Input: the file. */
public final class ConfigFuzz {
    private static final Path FILE = file();

    private ConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        Files.write(FILE, input);
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(Map.of("config", FILE.toString()), Map.of()));
        if (loaded.config().isPresent() != loaded.problems().isEmpty()) {
            throw new AssertionError("a configuration with problems, or neither: " + loaded.problems());
        }
        for (ConfigProblem problem : loaded.problems()) {
            String text = problem.toString();
            if (text.isBlank() || text.length() > 10_000) {
                throw new AssertionError("a problem of " + text.length() + " characters");
            }
        }
    }

    private static Path file() {
        try {
            Path file = Files.createTempFile("pgweir-fuzz-", ".yaml");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
