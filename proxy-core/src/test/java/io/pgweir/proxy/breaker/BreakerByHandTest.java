package io.pgweir.proxy.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BreakerByHandTest {
    private static final BackendFailure REFUSED = BackendFailure.unreachable("refused");

    private long now = 1_000_000_000;
    private final Breaker breaker = new Breaker(
            new HostPort("db", 5432),
            new BreakerSettings(
                    2, 50, 10, Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofMillis(400), Duration.ZERO),
            () -> now,
            () -> 0);

    private void hold(boolean open) {
        breaker.hold(new Breaker.ByHand(open, new AdminOrder("dba", now)));
    }

    private void fail() {
        now += 1_000_000;
        breaker.connectFailed(REFUSED, now - 1);
    }

    @Test
    void heldOpenNothingButAnOrderMovesIt() {
        hold(true);
        now += 60_000_000_000L;
        breaker.connected();
        fail();
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
        assertThat(breaker.takeProbe()).isFalse();
        assertThat(breaker.isUnattended()).isFalse();
        assertThat(breaker.most(20)).isZero();
        Outage outage = breaker.outage();
        assertThat(outage).isNotNull();
        assertThat(outage.byHand()).isTrue();
        assertThat(outage.lastedNanos()).isGreaterThan(59_000_000_000L);
    }

    @Test
    void whenAServerThatWorkedIsLetGoItIsUsedAtOnce() {
        List<Transition> told = new ArrayList<>();
        hold(true);
        breaker.listen(told::add);
        breaker.letGo();
        assertThat(breaker.isDown()).isFalse();
        assertThat(breaker.outage()).isNull();
        assertThat(told).hasSize(1);
        assertThat(breaker.most(20)).isEqualTo(20);
    }

    @Test
    void whenAServerThatWasDownIsLetGoItIsProbedAtOnceAndTheCauseIsTrue() {
        fail();
        fail();
        hold(true);
        hold(true);
        breaker.letGo();
        assertThat(breaker.outage()).isNotNull().satisfies(outage -> {
            assertThat(outage.byHand()).isFalse();
            assertThat(outage.cause()).isEqualTo(REFUSED);
        });
        assertThat(breaker.isUnattended()).isTrue();
        assertThat(breaker.takeProbe()).isTrue();
        breaker.probed();
        assertThat(breaker.isDown()).isFalse();
        assertThat(breaker.most(20)).isEqualTo(20);
    }

    @Test
    void heldClosedNoFailureOpensIt() {
        for (int i = 0; i < 5; i++) {
            fail();
        }
        assertThat(breaker.isDown()).isTrue();
        hold(false);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        for (int i = 0; i < 50; i++) {
            fail();
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.outage()).isNull();
        breaker.letGo();
        fail();
        fail();
        fail();
        assertThat(breaker.isDown()).as("evidence counts again").isTrue();
    }

    @Test
    void aProbeUnderWayDoesNotUndoAnOrder() {
        fail();
        fail();
        now += 500_000_000;
        assertThat(breaker.takeProbe()).isTrue();
        hold(true);
        breaker.probed();
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
        hold(false);
        breaker.probeFailed(REFUSED);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
    }
}
