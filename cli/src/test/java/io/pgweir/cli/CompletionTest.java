package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script completes in a real bash. */
class CompletionTest {
    private static final Path BASH = Path.of("/bin/bash");

    @TempDir
    private Path directory;

    @Test
    void bashCompletesCommandsOptionsAndValues() throws Exception {
        assumeThat(Files.isExecutable(BASH)).isTrue();
        Path script = Files.writeString(directory.resolve("completion"), Completion.script());
        assertThat(complete(script, "pgweir", "st")).contains("status");
        assertThat(complete(script, "pgweir", "run", "--pool-t"))
                .contains("--pool-timeout")
                .doesNotContain("--listen");
        assertThat(complete(script, "pgweir", "run", "--pool-mode", ""))
                .contains("transaction", "session", "statement");
        assertThat(complete(script, "pgweir", "top", "--"))
                .contains("--once", "--http")
                .doesNotContain("--pool-mode");
        assertThat(complete(script, "pgweir", "")).containsAll(CommandLineInterface.COMMANDS);
        assertThat(complete(script, "pgweir", "reload", "--"))
                .contains("--pid", "--pid-file", "--http", "--config")
                .doesNotContain("--once");
    }

    private static List<String> complete(Path script, String... words) throws IOException, InterruptedException {
        String command = "source " + script + "; COMP_WORDS=(" + quoted(words) + "); COMP_CWORD=" + (words.length - 1)
                + "; _complete_pgweir; printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder(BASH.toString(), "--norc", "-c", command)
                .redirectErrorStream(true)
                .start();
        String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return answer.lines().map(String::strip).toList();
    }

    private static String quoted(String... words) {
        StringBuilder all = new StringBuilder();
        for (String word : words) {
            all.append('\'').append(word).append("' ");
        }
        return all.toString();
    }
}
