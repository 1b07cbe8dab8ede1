package io.pgweir.proxy.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.pgweir.proxy.backend.BackendLoginFuzz;
import io.pgweir.proxy.backend.BackendStreamFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Every input in fuzz/corpus that a target has been given or has once failed on, and some made of them by chance. fuzz/run looks
 * for new ones.
 */
class FuzzCorpusTest {
    private static final Path CORPUS = Path.of("..", "fuzz", "corpus");
    private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.pgweir");
    private static Level before;

    /** What fuzz/run knows by the same names. */
    enum Target {
        FRAME_SCANNER(FrameScannerFuzz::fuzzerTestOneInput, 500),
        STARTUP(StartupFuzz::fuzzerTestOneInput, 500),
        SCRAM_SERVER(ScramServerFuzz::fuzzerTestOneInput, 300),
        SCRAM_CLIENT(ScramClientFuzz::fuzzerTestOneInput, 300),
        SQL(SqlFuzz::fuzzerTestOneInput, 500),
        CONFIG(ConfigFuzz::fuzzerTestOneInput, 20),
        HBA(HbaFuzz::fuzzerTestOneInput, 500),
        BACKEND_LOGIN(BackendLoginFuzz::fuzzerTestOneInput, 200),
        BACKEND_STREAM(BackendStreamFuzz::fuzzerTestOneInput, 500);

        private final Run run;
        private final int changed;

        Target(Run run, int changed) {
            this.run = run;
            this.changed = changed;
        }

        String folder() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    private interface Run {
        void run(byte[] input) throws Exception;
    }

    @BeforeAll
    static void quiet() {
        before = LOG.getLevel();
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        LOG.setLevel(before);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsInTheCorpusHolds(Target target) throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        try (Stream<Path> files = Files.list(CORPUS.resolve(target.folder()))) {
            for (Path file : files.sorted().toList()) {
                seeds.add(Files.readAllBytes(file));
            }
        }
        assertThat(seeds).hasSizeGreaterThan(3);
        seeds.forEach(seed -> check(target, seed, "seed"));
        long seed = Long.getLong("pgweir.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int i = 0; i < target.changed; i++) {
            byte[] input = seeds.get(random.nextInt(seeds.size())).clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                input = change(input, seeds.get(random.nextInt(seeds.size())), random);
            }
            check(target, input, "-Dpgweir.test.seed=" + seed);
        }
    }

    private static void check(Target target, byte[] input, String origin) {
        try {
            target.run.run(input);
        } catch (Throwable failure) {
            throw new AssertionError(
                    target + " fails on " + HexFormat.of().formatHex(input) + " (" + origin + "): " + failure, failure);
        }
    }

    private static byte[] change(byte[] input, byte[] other, Random random) {
        int at = random.nextInt(input.length + 1);
        int to = at + random.nextInt(input.length + 1 - at);
        byte[] middle;
        switch (random.nextInt(6)) {
            case 0 -> middle = new byte[0]; // left out
            case 1 -> middle = new byte[] {(byte) random.nextInt(256)};
            case 2 -> middle = new byte[] {-1, -1, -1, -1};
            case 3 -> middle = java.util.Arrays.copyOfRange(other, 0, random.nextInt(other.length + 1));
            case 4 -> {
                middle = java.util.Arrays.copyOfRange(input, at, to);
                if (middle.length > 0) {
                    middle[random.nextInt(middle.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            default -> { // twice
                byte[] part = java.util.Arrays.copyOfRange(input, at, to);
                middle = java.util.Arrays.copyOf(part, 2 * part.length);
                System.arraycopy(part, 0, middle, part.length, part.length);
            }
        }
        byte[] result = new byte[at + middle.length + input.length - to];
        System.arraycopy(input, 0, result, 0, at);
        System.arraycopy(middle, 0, result, at, middle.length);
        System.arraycopy(input, to, result, at + middle.length, input.length - to);
        return result;
    }
}
