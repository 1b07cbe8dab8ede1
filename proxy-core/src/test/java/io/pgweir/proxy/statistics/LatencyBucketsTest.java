package io.pgweir.proxy.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LatencyBucketsTest {
    @Test
    void quantilesAreOffByAnEighthAtMost() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            LatencyBuckets buckets = new LatencyBuckets();
            double scale = Math.exp(random.nextDouble() * 12); // from 20 µs to some seconds
            double[] nanos = new double[2_000];
            for (int i = 0; i < nanos.length; i++) {
                nanos[i] = 20_000 * scale * Math.exp(random.nextGaussian() * 0.3);
                buckets.record((long) nanos[i]);
            }
            Arrays.sort(nanos);
            for (double part : new double[] {0.5, 0.95, 0.99}) {
                double exact = nanos[(int) Math.ceil(part * nanos.length) - 1] / 1e9;
                if (exact > 16e-6) {
                    assertThat(buckets.quantileSeconds(part))
                            .as("p%s of round %d, seed %d", part, round, seed)
                            .isCloseTo(exact, within(exact / 8));
                }
            }
        }
    }

    @Test
    void theShortestAndTheLongestHaveTheirBucketToo() {
        LatencyBuckets buckets = new LatencyBuckets();
        assertThat(buckets.quantileSeconds(0.5)).isZero();
        buckets.record(0);
        assertThat(buckets.quantileSeconds(0.5)).isBetween(0.0, 8e-6);
        buckets.record(TimeUnit.DAYS.toNanos(2));
        assertThat(buckets.quantileSeconds(1)).isGreaterThan(1_800);
        LatencyBuckets sum = new LatencyBuckets();
        sum.add(buckets);
        sum.add(buckets);
        assertThat(sum.quantileSeconds(0.4)).isBetween(0.0, 8e-6);
    }
}
