package io.pgweir.proxy.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HistogramTest {
    private final Histogram histogram = new Histogram();

    @Test
    void aDurationCountsInEveryBucketFromItsOwnOn() {
        histogram.record(TimeUnit.MICROSECONDS.toNanos(100));
        histogram.record(TimeUnit.MICROSECONDS.toNanos(101));
        histogram.record(TimeUnit.MILLISECONDS.toNanos(3));
        Histogram.Snapshot snapshot = snapshot();
        assertThat(snapshot.boundSeconds(0)).isEqualTo(0.0001);
        assertThat(snapshot.cumulative(0)).isEqualTo(1);
        assertThat(snapshot.cumulative(1)).isEqualTo(2);
        assertThat(snapshot.cumulative(bucket(0.0025))).isEqualTo(2);
        assertThat(snapshot.cumulative(bucket(0.005))).isEqualTo(3);
        assertThat(snapshot.cumulative(snapshot.buckets() - 1)).isEqualTo(3);
        assertThat(snapshot.count()).isEqualTo(3);
        assertThat(snapshot.sumSeconds()).isEqualTo(0.003201, within(1e-12));
    }

    @Test
    void longerThanTheLastBoundCountsInNoBucketButInTheTotal() {
        histogram.record(TimeUnit.MINUTES.toNanos(2));
        Histogram.Snapshot snapshot = snapshot();
        assertThat(snapshot.cumulative(snapshot.buckets() - 1)).isZero();
        assertThat(snapshot.count()).isEqualTo(1);
        assertThat(snapshot.sumSeconds()).isEqualTo(120.0);
    }

    @Test
    void boundsRise() {
        Histogram.Snapshot snapshot = snapshot();
        for (int i = 1; i < snapshot.buckets(); i++) {
            assertThat(snapshot.boundSeconds(i)).isGreaterThan(snapshot.boundSeconds(i - 1));
        }
    }

    @Test
    void histogramsOfSeveralOwnersAddUp() {
        Histogram other = new Histogram();
        histogram.record(1_000_000);
        other.record(2_000_000);
        other.record(0);
        Histogram.Snapshot sum = new Histogram.Snapshot();
        histogram.addTo(sum);
        other.addTo(sum);
        assertThat(sum.count()).isEqualTo(3);
        assertThat(sum.sumSeconds()).isEqualTo(0.003, within(1e-12));
    }

    @Test
    void aReaderOnAnotherThreadSeesCountsThatOnlyGrow() throws Exception {
        int records = 200_000;
        Thread owner = new Thread(() -> {
            for (int i = 0; i < records; i++) {
                histogram.record(i);
            }
        });
        owner.start();
        long last = 0;
        while (last < records) {
            long now = snapshot().count();
            assertThat(now).isBetween(last, (long) records);
            last = now;
            if (!owner.isAlive()) {
                assertThat(snapshot().count()).isEqualTo(records);
            }
        }
        owner.join();
    }

    private int bucket(double bound) {
        Histogram.Snapshot snapshot = snapshot();
        for (int i = 0; i < snapshot.buckets(); i++) {
            if (snapshot.boundSeconds(i) == bound) {
                return i;
            }
        }
        throw new AssertionError("no bucket of " + bound);
    }

    private Histogram.Snapshot snapshot() {
        Histogram.Snapshot snapshot = new Histogram.Snapshot();
        histogram.addTo(snapshot);
        return snapshot;
    }
}
