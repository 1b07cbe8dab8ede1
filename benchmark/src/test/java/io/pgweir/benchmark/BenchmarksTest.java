package io.pgweir.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.TransportChoice;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark still runs; what it measures here means nothing. */
@Timeout(120)
class BenchmarksTest {
    private static final TimeValue SHORT = TimeValue.milliseconds(20);

    @Test
    void eachBenchmarkRunsWithEachOfItsParameters() throws Exception {
        Options options = new OptionsBuilder()
                .include("io\\.pgweir\\.benchmark\\..*")
                .param("transport", Transport.choose(TransportChoice.AUTO).name())
                .param("way", "NOTHING", "BARE_RELAY", "PGWEIR")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(SHORT)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        Collection<RunResult> results = new Runner(options).run();
        // scan 2, text 4 of 3, checkout 1, relay 3 of 3, cores 3 of 2
        assertThat(results).hasSize(2 + 12 + 1 + 9 + 6);
        assertThat(results)
                .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore())
                        .as(result.getParams().id())
                        .isPositive());
    }
}
