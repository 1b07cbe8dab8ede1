package io.pgweir.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.state.DifferentialRun.Difference;
import io.pgweir.proxy.testkit.RealPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random programs of statements, state changes included, give the same transcript through the proxy, where many of them share
 * three backends, as each gives alone on PostgreSQL. The system property {@code pgweir.differential.programs} says how many
 * run with and without the shuffle switch together, {@code pgweir.test.seed} which.
 */
@Timeout(7200)
class DifferentialTest {
    private static final int PROGRAMS = Integer.getInteger("pgweir.differential.programs", 500);

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());

    /** Other programs with the shuffle switch than without: of the next seed. */
    @ParameterizedTest(name = "shuffle {0}")
    @ValueSource(booleans = {false, true})
    void everyClientSeesWhatItWouldSeeOnPostgres(boolean shuffle) throws Exception {
        long begun = System.nanoTime();
        try (DifferentialRun run = new DifferentialRun(RealPostgres.get(), shuffle, shuffle ? seed + 1 : seed)) {
            List<Difference> differences = run.run(PROGRAMS / 2);
            System.out.printf(
                    "differential: %d programs, %d exchanges compared, shuffle %s, %d s, seed %d%n",
                    PROGRAMS / 2,
                    run.exchanges(),
                    shuffle,
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun),
                    seed);
            List<String> reports = new ArrayList<>();
            for (Difference difference : differences) {
                Difference smallest = run.minimise(difference, TimeUnit.SECONDS.toNanos(20));
                reports.add("program %d, seed %d, at its %s%nthe program:%n%s%nmade smaller, at its %s%n%s%n"
                        .formatted(
                                difference.program().number(),
                                seed,
                                difference.first(),
                                difference.program(),
                                smallest.first(),
                                smallest.program()));
            }
            assertThat(String.join("\n", reports)).isEmpty();
            assertThat(run.exchanges()).isGreaterThan(PROGRAMS);
        }
    }
}
