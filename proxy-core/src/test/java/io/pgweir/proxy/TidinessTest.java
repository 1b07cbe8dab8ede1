package io.pgweir.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A class that grows past two screens has more than one reason to change: split it by meaning. */
class TidinessTest {
    private static final int MOST_LINES = 450;

    @Test
    void noSourceFileIsLongerThanTwoScreens() throws IOException {
        Map<String, Integer> tooLong = new TreeMap<>();
        for (Path module :
                List.of(Path.of("../protocol"), Path.of("../proxy-core"), Path.of("../cli"), Path.of("../demo"))) {
            if (!Files.isDirectory(module.resolve("src"))) {
                continue;
            }
            try (Stream<Path> files = Files.walk(module.resolve("src"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    int lines = Files.readAllLines(file).size();
                    String name = file.getFileName().toString();
                    if (lines > MOST_LINES) {
                        tooLong.put(name, lines);
                    }
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }
}
