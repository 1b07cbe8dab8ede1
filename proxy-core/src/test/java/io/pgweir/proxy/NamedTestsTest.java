package io.pgweir.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tests that docs/reliability.md names are there, and every known hazard has one. */
class NamedTestsTest {
    private static final Pattern NAME =
            Pattern.compile("`([A-Z]\\w+(?:Test|IT|Programs))(?:\\.(\\w+))?`|`([a-z]\\w{11,})`|\"([^\"]+)\"");

    private final Map<String, String> sources = new HashMap<>();
    private final StringBuilder programs = new StringBuilder();
    private final List<String> missing = new ArrayList<>();

    @Test
    void everyHazardNamesATestThatExists() throws IOException {
        readSources();
        String text = Files.readString(Path.of("../docs/reliability.md"));
        String audit = text.substring(text.indexOf("## Known hazards"), text.indexOf("## Figures"));
        int rows = 0;
        for (String line : audit.split("\n")) {
            String[] cells = line.split("\\|", -1);
            if (cells.length != 4 || line.contains("---") || line.contains("| held by |")) {
                assertThat(line).doesNotStartWith("|  ");
                continue;
            }
            rows++;
            if (check(cells[2]) == 0) {
                missing.add("a test for:" + cells[1]);
            }
        }
        assertThat(rows).isGreaterThan(60);
        assertThat(missing).isEmpty();
    }

    @Test
    void everyTestNamedElsewhereExists() throws IOException {
        readSources();
        Matcher names = Pattern.compile("`(\\w+(?:Test|IT))(?:\\.(\\w+))?`")
                .matcher(Files.readString(Path.of("../docs/reliability.md")));
        while (names.find()) {
            require(names.group(1), names.group(2));
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void everyPromiseAndEveryKnownVulnerabilityNamesATestThatExists() throws IOException {
        readSources();
        String all = String.join("\n", sources.values());
        for (String page : List.of("../SECURITY.md", "../docs/vulnerabilities.md")) {
            boolean inTable = false;
            int rows = 0;
            for (String line : Files.readAllLines(Path.of(page))) {
                inTable = line.contains("| shown by |")
                        || line.contains("| tried by |")
                        || (inTable && line.startsWith("|"));
                if (!inTable || line.contains(" by |") || line.contains("---")) {
                    continue;
                }
                rows++;
                String[] cells = line.split("\\|", -1);
                if (check(cells[cells.length - 2]) == 0) {
                    missing.add("a test for:" + cells[1]);
                }
                Matcher numbers = Pattern.compile("CVE-(\\d+)-(\\d+)").matcher(cells[1]);
                while (numbers.find()) {
                    String asMethod = "cve_" + numbers.group(1) + "_" + numbers.group(2);
                    if (!all.contains(asMethod) && !all.contains(numbers.group())) {
                        missing.add(numbers.group() + " in the tests");
                    }
                }
            }
            assertThat(rows).as(page).isGreaterThan(15);
        }
        assertThat(missing).isEmpty();
    }

    private void readSources() throws IOException {
        for (String module : List.of("../protocol", "../proxy-core", "../cli", "../demo")) {
            Path tests = Path.of(module, "src/test/java");
            if (!Files.isDirectory(tests)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(tests)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    String source = Files.readString(file);
                    sources.put(name, source);
                    if (name.endsWith("Programs")) {
                        programs.append(source);
                    }
                }
            }
        }
    }

    /** Looks up every name in one cell: classes, methods (of the class named last where none is), programs of ParityTest. */
    private int check(String cell) {
        int found = 0;
        boolean parity = false;
        String lastClass = "";
        int at = 0;
        Matcher names = NAME.matcher(cell);
        while (names.find()) {
            parity |= cell.substring(at, names.start()).contains("Parity");
            at = names.end();
            if (names.group(1) != null) {
                lastClass = names.group(1);
                require(lastClass, names.group(2));
                found++;
            } else if (names.group(3) != null
                    && !lastClass.isEmpty()
                    && !names.group(3).contains("_")) {
                require(lastClass, names.group(3));
                found++;
            } else if (names.group(4) != null && parity && !names.group(4).equals("Known limits")) {
                String program = names.group(4).replace(" ...", "");
                if (programs.indexOf('"' + program) < 0) {
                    missing.add("program " + program);
                }
                found++;
            }
        }
        return found;
    }

    private void require(String type, String method) {
        String source = sources.get(type);
        if (source == null || (method != null && !source.contains(" " + method + "("))) {
            missing.add(method == null ? type : type + "." + method);
        }
    }
}
