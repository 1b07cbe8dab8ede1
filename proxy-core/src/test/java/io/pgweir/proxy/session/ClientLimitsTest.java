package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClientLimitsTest {
    /** Whatever clients choose: few lengths, each at most a hundredth longer than asked for, and never shorter. */
    @Test
    void clientsChooseAmongFewLengths() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<Long> lengths = new HashSet<>();
        for (int i = 0; i < 200_000; i++) {
            long millis = 1 + (long) Math.pow(10, random.nextDouble() * 9.25);
            long nanos = ClientLimits.grained(Duration.ofMillis(millis));
            assertThat(nanos / 1_000_000).as("seed %d", seed).isBetween(millis, millis + millis / 100);
            lengths.add(nanos);
        }
        assertThat(lengths.size()).as("seed %d", seed).isLessThan(4000);
    }
}
