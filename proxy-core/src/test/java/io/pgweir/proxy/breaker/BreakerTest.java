package io.pgweir.proxy.breaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.BackendFailure.Kind;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The breaker on a clock that the test moves. */
class BreakerTest {
    private static final BackendFailure REFUSED = BackendFailure.unreachable("connection refused");
    private static final BackendFailure SILENT = BackendFailure.timedOut("no answer");
    private static final BackendFailure STARTING = new BackendFailure(Kind.TEMPORARY, "57P03", "starting up");
    private static final BackendFailure RESET = new BackendFailure(Kind.LOST, null, "closed unexpectedly");

    private final BreakerSettings settings = new BreakerSettings(
            3, 50, 10, Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofMillis(400), Duration.ofSeconds(2));
    /** Where a clock of nanoseconds may stand: it wraps around during the tests. */
    private long now = Long.MAX_VALUE - 1_000_000_000L;

    private double chance;
    private final List<Transition> steps = new ArrayList<>();
    private final Breaker breaker = make();

    private Breaker make() {
        Breaker made = new Breaker(new HostPort("db", 5432), settings, () -> now, () -> chance);
        made.listen(steps::add);
        return made;
    }

    private void pass(long millis) {
        now += millis * 1_000_000;
    }

    private boolean fails(BackendFailure failure) {
        long begunAt = now;
        pass(1);
        return breaker.connectFailed(failure, begunAt);
    }

    private void open() {
        for (int i = 0; i < 3; i++) {
            fails(REFUSED);
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    private void takeProbe() {
        now += breaker.nanosToProbe();
        assertThat(breaker.takeProbe()).isTrue();
        assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    }

    private void ramp() {
        open();
        takeProbe();
        breaker.probed();
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
    }

    @Test
    void otherValuesCountFromThenOn() {
        fails(REFUSED);
        fails(REFUSED);
        breaker.settings(new BreakerSettings(
                5,
                50,
                100,
                Duration.ofSeconds(20),
                Duration.ofMillis(700),
                Duration.ofMillis(900),
                Duration.ofSeconds(2)));
        fails(REFUSED);
        fails(REFUSED);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        fails(REFUSED);
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
        assertThat(Duration.ofNanos(breaker.nanosToProbe())).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
    }

    @Test
    void opensWithTheThirdConnectInARowThatFails() {
        assertThat(fails(REFUSED)).isFalse();
        assertThat(fails(REFUSED)).isFalse();
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.most(20)).isEqualTo(20);
        assertThat(fails(REFUSED)).isTrue();
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
        assertThat(breaker.most(20)).isZero();
        assertThat(steps).hasSize(1);
        assertThat(steps.get(0).why()).contains("3 connects in a row").contains("connection refused");
    }

    @Test
    void isUnattendedIfNobodyProbesWhenItIsTime() {
        assertThat(breaker.isUnattended()).isFalse();
        open();
        now += breaker.nanosToProbe();
        pass(250);
        assertThat(breaker.isUnattended()).isFalse();
        pass(1);
        assertThat(breaker.isUnattended()).isTrue();
        takeProbe();
        pass(10_000);
        assertThat(breaker.isUnattended()).as("the probe has an end of its own").isFalse();
        breaker.probeFailed(REFUSED);
        assertThat(breaker.isUnattended()).isFalse();
    }

    @Test
    void whoListensNoMoreIsToldNoMore() {
        List<Transition> told = new ArrayList<>();
        BreakerListener listener = told::add;
        breaker.listen(listener);
        open();
        breaker.unlisten(listener);
        takeProbe();
        assertThat(told).hasSize(1);
        assertThat(steps).hasSize(2);
    }

    @Test
    void connectsThatFailTogetherAreOneObservation() {
        for (int round = 1; round <= 3; round++) {
            long begunAt = now;
            pass(5);
            for (int i = 0; i < 4; i++) {
                assertThat(breaker.connectFailed(REFUSED, begunAt)).isEqualTo(round == 3 && i == 0);
            }
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void aSuccessInBetweenBeginsTheRowAnew() {
        for (int i = 0; i < 4; i++) {
            fails(REFUSED);
            fails(REFUSED);
            breaker.connected();
            assertThat(breaker.failure()).isNull();
            pass(3_000);
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void opensAtOnceWhenAConnectIsNotAnsweredInTime() {
        assertThat(fails(SILENT)).isTrue();
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void opensWithTheFirstFailedConnectWhenManyConnectionsWereLost() {
        for (int i = 0; i < 9; i++) {
            breaker.lost(RESET);
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(fails(STARTING)).isTrue();
        assertThat(steps.get(0).why()).contains("10 of 10").contains("10 s");
    }

    @Test
    void theShareCountsOnlyWithEnoughEventsAndWithinItsWindow() {
        for (int i = 0; i < 8; i++) {
            breaker.lost(RESET);
        }
        assertThat(fails(REFUSED)).as("9 events").isFalse();
        pass(10_100);
        breaker.connected();
        assertThat(fails(REFUSED)).as("the others are too old").isFalse();
        for (int i = 0; i < 10; i++) {
            breaker.connected();
        }
        for (int i = 0; i < 8; i++) {
            breaker.lost(RESET);
        }
        assertThat(fails(REFUSED)).as("10 of 21").isFalse();
        breaker.lost(RESET);
        assertThat(fails(REFUSED)).as("12 of 23").isTrue();
    }

    @Test
    void lostConnectionsAloneOpenNothingWhileConnectsSucceed() {
        for (int i = 0; i < 200; i++) {
            breaker.lost(RESET);
            breaker.lost(new BackendFailure(Kind.LOST, "57P01", "terminated"));
            breaker.connected();
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.failure()).isNull();
    }

    /** A full pool, a full queue and slow statements never come here; what comes and is no evidence counts as an answer. */
    @ParameterizedTest
    @CsvSource({"REFUSED,28P01", "REFUSED,3D000", "BAD_SETTINGS,22023", "OWN_LIMIT,53300"})
    void aRefusedLoginIsAnAnswer(Kind kind, String code) {
        for (int i = 0; i < 100; i++) {
            assertThat(fails(new BackendFailure(kind, code, "no"))).isFalse();
        }
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        ramp();
        assertThat(fails(new BackendFailure(kind, code, "no"))).isFalse();
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
    }

    @ParameterizedTest
    @ValueSource(strings = {"57P05", "25P03", "XX000", "42601"})
    void aConnectionLostForReasonsOfItsOwnIsNoEvidence(String code) {
        for (int i = 0; i < 50; i++) {
            breaker.lost(new BackendFailure(Kind.LOST, code, "its own"));
        }
        breaker.lost(new BackendFailure(Kind.DESYNCHRONISED, null, "surprise"));
        assertThat(fails(REFUSED)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"57P01", "57P02", "57P03", "58000", "58030"})
    void shutdownCrashAndTroubleWithFilesAreEvidence(String code) {
        for (int i = 0; i < 9; i++) {
            breaker.lost(new BackendFailure(Kind.LOST, code, "down"));
        }
        assertThat(fails(REFUSED)).isTrue();
    }

    @Test
    void oneProbeAtATimeAndNotBeforeTheCooldown() {
        open();
        assertThat(breaker.takeProbe()).isFalse();
        pass(99);
        assertThat(breaker.takeProbe()).isFalse();
        pass(1);
        assertThat(breaker.takeProbe()).isTrue();
        assertThat(breaker.takeProbe()).isFalse();
        assertThat(breaker.most(20)).isZero();
        breaker.probeFailed(REFUSED);
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void theCooldownDoublesUpToItsBound() {
        open();
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            pauses.add(breaker.nanosToProbe() / 1_000_000);
            takeProbe();
            breaker.probeFailed(SILENT);
        }
        assertThat(pauses).containsExactly(100L, 200L, 400L, 400L, 400L);
    }

    @Test
    void chanceTakesUpToHalfOfTheCooldown() {
        chance = 0.999;
        open();
        assertThat(breaker.nanosToProbe()).isCloseTo(50_000_000L, within(100_000L));
    }

    @Test
    void connectsThatFailWhileItIsOpenChangeNothing() {
        open();
        long toProbe = breaker.nanosToProbe();
        assertThat(breaker.connectFailed(SILENT, now)).isFalse();
        assertThat(breaker.nanosToProbe()).isEqualTo(toProbe);
        takeProbe();
        assertThat(breaker.connectFailed(SILENT, now)).isFalse();
        assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    }

    @ParameterizedTest
    @EnumSource(
            value = BreakerState.class,
            names = {"OPEN", "HALF_OPEN"})
    void aConnectFromBeforeThatSucceedsIsAsGoodAsAProbe(BreakerState state) {
        open();
        if (state == BreakerState.HALF_OPEN) {
            takeProbe();
        }
        breaker.connected();
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
        breaker.probeFailed(SILENT);
        assertThat(breaker.state()).as("the probe began before").isEqualTo(BreakerState.RAMP);
        breaker.probed();
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
    }

    @Test
    void aProbeThatIsRefusedALoginHasBeenAnswered() {
        open();
        takeProbe();
        breaker.probeFailed(new BackendFailure(Kind.REFUSED, "28P01", "no"));
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
    }

    @Test
    void aProbeThatIsLostBehindItsLoginHasFailed() {
        open();
        takeProbe();
        breaker.probeFailed(RESET);
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void theRampGrowsByTenthsToTheWholeLimit() {
        ramp();
        List<Integer> most = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            most.add(breaker.most(20));
            pass(200);
        }
        assertThat(most).containsExactly(2, 4, 6, 8, 10, 12, 14, 16, 18, 20);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.most(20)).isEqualTo(20);
        assertThat(breaker.outage()).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void aSmallPoolMayAlwaysHaveOne(int limit) {
        ramp();
        assertThat(breaker.most(limit)).isEqualTo(1);
    }

    @Test
    void aConnectThatFailsOnTheRampOpensAgainWithTheLongerCooldown() {
        ramp();
        pass(500);
        assertThat(fails(REFUSED)).isTrue();
        assertThat(breaker.nanosToProbe() / 1_000_000).isEqualTo(200);
    }

    @Test
    void aConnectFromBeforeTheRampThatFailsOnItSaysNothing() {
        open();
        long begunAt = now;
        takeProbe();
        pass(1);
        breaker.probed();
        assertThat(breaker.connectFailed(SILENT, begunAt)).isFalse();
        assertThat(breaker.state()).isEqualTo(BreakerState.RAMP);
    }

    @Test
    void onceClosedItBeginsAnew() {
        ramp();
        pass(2_000);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(fails(REFUSED)).isFalse();
        assertThat(fails(REFUSED)).isFalse();
        assertThat(fails(REFUSED)).isTrue();
        assertThat(breaker.nanosToProbe() / 1_000_000).isEqualTo(100);
    }

    @Test
    void anOutageSaysItsCauseItsAgeAndTheNextProbe() {
        assertThat(breaker.outage()).isNull();
        open();
        pass(60);
        @Nullable Outage outage = breaker.outage();
        assertThat(outage).isNotNull();
        assertThat(outage.cause()).isEqualTo(REFUSED);
        assertThat(outage.lastedNanos()).isEqualTo(63_000_000);
        assertThat(outage.nanosToProbe()).isEqualTo(40_000_000);
        takeProbe();
        breaker.probeFailed(STARTING);
        outage = breaker.outage();
        assertThat(outage.cause()).as("the last one").isEqualTo(STARTING);
        assertThat(outage.lastedNanos()).as("since the first failure").isEqualTo(103_000_000);
    }

    /** Whatever comes in whatever order: every step is one of the diagram, probes never overlap, and a probe is always due. */
    @Test
    void randomEventsNeverLeaveTheDiagram() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        boolean probing = false;
        Set<BreakerState> seen = EnumSet.noneOf(BreakerState.class);
        for (int i = 0; i < 100_000; i++) {
            chance = random.nextDouble();
            long begunAt = now - random.nextInt(3_000) * 1_000_000L;
            switch (random.nextInt(9)) {
                case 0 -> breaker.connected();
                case 1, 2 -> breaker.connectFailed(random.nextBoolean() ? REFUSED : STARTING, begunAt);
                case 3 -> breaker.connectFailed(SILENT, now);
                case 4 -> breaker.lost(RESET);
                case 5, 6 -> {
                    if (!probing && breaker.takeProbe()) {
                        probing = true;
                    }
                }
                case 7 -> {
                    if (probing && random.nextBoolean()) {
                        breaker.probed();
                    } else if (probing) {
                        breaker.probeFailed(REFUSED);
                    }
                    probing = false;
                }
                default -> pass(random.nextInt(1_000));
            }
            seen.add(breaker.state());
            assertThat(breaker.isDown()).isEqualTo(breaker.most(10) == 0).isEqualTo(breaker.outage() != null);
            assertThat(breaker.nanosToProbe()).isBetween(0L, 400_000_000L);
            assertThat(breaker.nanosToChange()).isPositive();
        }
        assertThat(seen).as("seed %d", seed).containsExactlyInAnyOrder(BreakerState.values());
        for (BreakerState state : BreakerState.values()) {
            assertThat(breaker.entered(state))
                    .isEqualTo(steps.stream().filter(step -> step.to() == state).count());
        }
    }
}
