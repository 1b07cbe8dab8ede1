package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpSettingsTest {
    private static final String TOKEN = "open-sesame-0123456789";

    @TempDir
    private Path directory;

    private final Map<String, String> flags =
            new LinkedHashMap<>(Map.of("database_url", "postgresql://app:secret@db/shop"));
    private final Map<String, String> environment = new LinkedHashMap<>();

    private LoadedConfig load() {
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags, environment));
        assertThat(loaded.toString() + loaded.problems() + loaded.notes()).doesNotContain("sesame");
        return loaded;
    }

    private List<String> problems() {
        return load().problems().stream().map(ConfigProblem::toString).toList();
    }

    @Test
    void whereNothingIsSaidThePagesAreForThisMachine() {
        assertThat(load().config().orElseThrow().httpAccess()).isEqualTo(HttpAccess.LOCAL);
        flags.put("http_public", "true");
        assertThat(load().config().orElseThrow().httpAccess()).isEqualTo(new HttpAccess(null, true));
    }

    @Test
    void aTokenComesFromTheEnvironmentOrAFileBesideTheConfiguration() throws IOException {
        environment.put("PGWEIR_HTTP_TOKEN", TOKEN);
        assertThat(load().config().orElseThrow().httpAccess().token()).isEqualTo(new Secret(TOKEN));
        environment.clear();
        Files.writeString(directory.resolve("token"), TOKEN + "\n");
        flags.put(
                "config",
                Files.writeString(directory.resolve("pgweir.yaml"), "http_token_file: token\n")
                        .toString());
        assertThat(load().config().orElseThrow().httpAccess().token()).isEqualTo(new Secret(TOKEN));
    }

    @Test
    void theTokenIsKnownEvenIfTheRestIsWrong() {
        flags.clear();
        environment.put("PGWEIR_HTTP_TOKEN", TOKEN);
        assertThat(load().config()).isEmpty();
        assertThat(load().httpAccess().token()).isEqualTo(new Secret(TOKEN));
    }

    @Test
    void whatContradictsOrCouldBeGuessedIsAProblem() {
        environment.put("PGWEIR_HTTP_TOKEN", TOKEN);
        flags.put("http_token_file", "/run/token");
        assertThat(problems())
                .containsExactly(
                        "--http-token-file: http_token_file contradicts http_token (PGWEIR_HTTP_TOKEN): keep one of them");
        flags.remove("http_token_file");
        flags.put("http_public", "true");
        assertThat(problems())
                .containsExactly(
                        "--http-public: http_public contradicts http_token (PGWEIR_HTTP_TOKEN): keep one of them");
        flags.remove("http_public");
        environment.put("PGWEIR_HTTP_TOKEN", "sesame");
        assertThat(problems())
                .containsExactly(
                        "PGWEIR_HTTP_TOKEN: the token has 6 characters and could be guessed; give it at least 16:"
                                + " openssl rand -hex 32  makes one");
        environment.put("PGWEIR_HTTP_TOKEN", "open sesame, open sesame");
        assertThat(problems())
                .containsExactly("PGWEIR_HTTP_TOKEN: the token may have visible ASCII characters only: make one with"
                        + "  openssl rand -hex 32");
        environment.clear();
        flags.put("http_token_file", directory.resolve("none").toString());
        assertThat(problems())
                .containsExactly("--http-token-file: there is no file '" + directory.resolve("none") + "'");
    }

    @Test
    void aTokenForNothingIsWorthANote() {
        environment.put("PGWEIR_HTTP_TOKEN", TOKEN);
        flags.put("http", "off");
        assertThat(load().problems()).isEmpty();
        assertThat(load().notes())
                .extracting(ConfigProblem::toString)
                .containsExactly("PGWEIR_HTTP_TOKEN: the token has no effect, because http is off");
    }
}
