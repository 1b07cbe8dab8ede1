package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.http.Readiness.Verdict;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On a clock of its own. */
class SteadyReadinessTest {
    private static final Verdict FINE = new Verdict(true, "");
    private static final Verdict REFUSED = new Verdict(false, "refused");

    private long now = 42;
    private final SteadyReadiness steady = new SteadyReadiness(() -> now);

    @Test
    void untilTheFirstTimeReadyWhatIsFoundIsTold() {
        assertThat(found(REFUSED)).isEqualTo(REFUSED);
        assertThat(found(new Verdict(false, "starting up"))).isEqualTo(new Verdict(false, "starting up"));
        assertThat(found(FINE)).isEqualTo(FINE);
    }

    @Test
    void aShortOutageIsToldOfButChangesNothing() {
        found(FINE);
        assertThat(found(REFUSED)).isEqualTo(new Verdict(true, "refused (for 0.0 s; not ready after 2 s)"));
        pass(1999);
        assertThat(found(REFUSED)).isEqualTo(new Verdict(true, "refused (for 2.0 s; not ready after 2 s)"));
        assertThat(steady.isInDoubt()).isTrue();
        assertThat(found(FINE)).isEqualTo(FINE);
        assertThat(steady.isInDoubt()).isFalse();
        pass(10_000);
        assertThat(found(REFUSED).ready()).as("another one begins at zero").isTrue();
    }

    @Test
    void anOutageThatLastsTwoSecondsIsNotReady() {
        found(FINE);
        found(REFUSED);
        pass(2000);
        assertThat(found(REFUSED)).isEqualTo(REFUSED);
        assertThat(steady.isInDoubt()).isFalse();
    }

    @Test
    void anOutageThatABreakerHasKnownForTwoSecondsIsNotReadyAtTheFirstLook() {
        found(FINE);
        assertThat(steady.settle(REFUSED, TimeUnit.MILLISECONDS.toNanos(1999)).ready())
                .isTrue();
        assertThat(steady.settle(REFUSED, TimeUnit.MILLISECONDS.toNanos(2000))).isEqualTo(REFUSED);
    }

    @Test
    void readyAgainOnlyAfterASecondInARow() {
        found(FINE);
        found(REFUSED);
        pass(2000);
        found(REFUSED);
        assertThat(found(FINE))
                .isEqualTo(new Verdict(false, "ready once this has held for 1 s (0.0 s now); before: refused"));
        pass(900);
        assertThat(found(FINE).ready()).isFalse();
        assertThat(found(REFUSED)).as("no second yet").isEqualTo(REFUSED);
        assertThat(found(FINE).ready()).isFalse();
        pass(900);
        assertThat(found(FINE).ready()).isFalse();
        pass(100);
        assertThat(found(FINE)).isEqualTo(FINE);
    }

    /** Whatever is found, twice a second: what is told changes no more often than the times allow. */
    @Test
    void aServerThatComesAndGoesDoesNotMakeItFlap() {
        long seed = System.nanoTime();
        System.out.println("SteadyReadinessTest: seed " + seed);
        Random random = new Random(seed);
        found(FINE);
        boolean told = true;
        long changedAt = now;
        for (int i = 0; i < 20_000; i++) {
            pass(random.nextInt(400));
            boolean ready = found(random.nextInt(4) == 0 ? FINE : REFUSED).ready();
            if (ready != told) {
                assertThat(now - changedAt).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(ready ? 1 : 2));
                told = ready;
                changedAt = now;
            }
        }
    }

    private Verdict found(Verdict verdict) {
        return steady.settle(verdict, 0);
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
