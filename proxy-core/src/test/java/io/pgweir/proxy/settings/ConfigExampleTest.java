package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file config.example.yaml at the top of the project. */
class ConfigExampleTest {
    private static final Path EXAMPLE = Path.of("../config.example.yaml");

    @TempDir
    private Path directory;

    @Test
    void itIsAValidConfiguration() throws IOException {
        Path file = Files.copy(EXAMPLE, directory.resolve("pgweir.yaml"));
        Path secrets = Files.createDirectory(directory.resolve("secrets"));
        Files.writeString(secrets.resolve("app-password"), "a");
        Files.writeString(secrets.resolve("batch-password"), "b");
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(
                Map.of("config", file.toString()), Map.of("REPORTER_PASSWORD", "c", "ANALYST_PASSWORD", "d")));
        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.config().orElseThrow().pool()).isEqualTo(PoolSettings.defaults());
    }

    @Test
    void itShowsEveryKeyWithItsDefault() throws IOException {
        String text = Files.readString(EXAMPLE);
        for (Setting<?> setting : Settings.all()) {
            if (setting.hidden() || !setting.inFile()) {
                continue;
            }
            String line = setting.defaultText() == null
                    ? "(?m)^# " + setting.name() + ": \\S.*# example$"
                    : "(?m)^" + setting.name() + ": " + Pattern.quote(setting.defaultText()) + "$";
            assertThat(text).as(setting.name()).containsPattern(line);
        }
        assertThat(text).doesNotContain(Settings.SHUFFLE.name());
    }
}
