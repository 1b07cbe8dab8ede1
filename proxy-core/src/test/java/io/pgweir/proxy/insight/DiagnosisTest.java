package io.pgweir.proxy.insight;

import static io.pgweir.proxy.insight.HoldTimesTest.holder;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules for causes that a server is not easily brought to, and the bounds of the texts. */
class DiagnosisTest {
    private static final long MILLI = 1_000_000;
    private static final long NOW = 5_000_000 * MILLI;
    private static final long WAITED = 5_000 * MILLI;

    private static Situation situation(List<Holder> holders, long ended, Set<String> waiting) {
        HoldTimes times = new HoldTimes(Duration.ofSeconds(5));
        for (long at = NOW - WAITED + 20 * MILLI; at <= NOW; at += 20 * MILLI) {
            times.add(at, 20 * MILLI, holders, 0);
        }
        times.add(NOW, 0, List.of(), ended);
        int limit = holders.size();
        HoldTimes.Window window = times.window(NOW - WAITED, NOW);
        return new Situation(NOW, WAITED, limit, limit, limit, 7, window, holders, waiting, null);
    }

    private static List<Holder> all(HoldState state, long age) {
        return Collections.nCopies(4, holder(state, "a", 1, NOW - age));
    }

    @Test
    void cleaningUpAfterClients() {
        Situation now = situation(all(HoldState.RESETTING, 100 * MILLI), 0, Set.of());
        assertThat(CauseClassifier.classify(now)).isEqualTo(Cause.CLEANING_UP);
    }

    @Test
    void connectsThatTakeLong() {
        Situation now = situation(all(HoldState.CONNECTING, 0), 0, Set.of());
        assertThat(CauseClassifier.classify(now)).isEqualTo(Cause.SLOW_CONNECTS);
    }

    @Test
    void nothingStandsOut() {
        List<Holder> mixed = List.of(
                holder(HoldState.ACTIVE, "a", 1, NOW - 2_000 * MILLI),
                holder(HoldState.IDLE_IN_TRANSACTION, "a", 1, NOW - 2_000 * MILLI),
                holder(HoldState.SLOW_CLIENT, "a", 1, NOW - 2_000 * MILLI));
        assertThat(CauseClassifier.classify(situation(mixed, 3, Set.of()))).isEqualTo(Cause.UNKNOWN);
    }

    @Test
    void aDeadlockNeedsEveryHolderToWaitForItself() {
        List<Holder> idle = all(HoldState.IDLE_IN_TRANSACTION, WAITED);
        assertThat(CauseClassifier.classify(situation(idle, 0, Set.of("p")))).isEqualTo(Cause.SELF_DEADLOCK);
        assertThat(CauseClassifier.classify(situation(idle, 0, Set.of("q")))).isEqualTo(Cause.IDLE_IN_TRANSACTION);
        List<Holder> oneMoves = new ArrayList<>(idle);
        oneMoves.set(0, holder(HoldState.ACTIVE, "a", 1, NOW - MILLI));
        assertThat(CauseClassifier.classify(situation(oneMoves, 0, Set.of("p"))))
                .isEqualTo(Cause.IDLE_IN_TRANSACTION);
        List<Holder> young = all(HoldState.IDLE_IN_TRANSACTION, 300 * MILLI);
        assertThat(CauseClassifier.classify(situation(young, 9, Set.of("p")))).isEqualTo(Cause.IDLE_IN_TRANSACTION);
    }

    @ParameterizedTest
    @EnumSource(Cause.class)
    void textsAreBoundedAndOnOneLineWhateverTheNames(Cause cause) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<Holder> holders = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                HoldState state = HoldState.values()[random.nextInt(HoldState.values().length)];
                String label = "l\n\u202e\"".repeat(random.nextInt(40));
                StatementView statement = new StatementView(i, "x".repeat(random.nextInt(81)), null);
                long begun = NOW - (random.nextLong() >>> 12);
                holders.add(new Holder(state, label, statement, "p", "[::1]:65535", 99999, begun, begun));
            }
            Situation plain = situation(holders, random.nextInt(1000), Set.of());
            Situation.Refusal refusal = new Situation.Refusal(true, "no\n".repeat(random.nextInt(300)));
            Situation now = new Situation(
                    plain.now(), plain.waitedNanos(), 5, 5, 5, 7, plain.window(), holders, Set.of(), refusal);
            DiagnosisText text = new DiagnosisText(now, cause);
            String summary = text.summary("abcdef", Diagnosis.LONGEST_SUMMARY);
            assertThat(summary)
                    .as("seed %d", seed)
                    .hasSizeLessThanOrEqualTo(Diagnosis.LONGEST_SUMMARY)
                    .contains("Cause: ")
                    .endsWith("incident abcdef");
            String detail = text.detail("d\n/u");
            assertThat(detail.length()).as("seed %d", seed).isLessThanOrEqualTo(2_000);
            assertThat((summary + detail).chars().noneMatch(Character::isISOControl))
                    .as("seed %d", seed)
                    .isTrue();
        }
    }

    @Test
    void anIncidentLastsTenSecondsAndIsCounted() {
        Incidents incidents = new Incidents("d/u");
        List<Holder> idle = all(HoldState.IDLE_IN_TRANSACTION, MILLI);
        Situation first = situation(idle, 0, Set.of());
        Diagnosis one = incidents.diagnose("pool timeout", first);
        assertThat(incidents.recent(NOW + 99 * MILLI)).isSameAs(one);
        assertThat(incidents.recent(NOW + 100 * MILLI)).isNull();
        Diagnosis two = incidents.diagnose("pool timeout", later(first, 9_900));
        assertThat(two.incident()).isSameAs(one.incident());
        assertThat(one.incident().affected()).isEqualTo(3);
        Diagnosis three = incidents.diagnose("pool timeout", later(first, 10_000));
        assertThat(three.incident()).isNotSameAs(one.incident());
        assertThat(three.incident().id()).isNotEqualTo(one.incident().id());
        assertThat(incidents.all()).containsExactly(three.incident(), one.incident());
        for (int i = 2; i < 100; i++) {
            incidents.diagnose("pool timeout", later(first, i * 10_000L));
        }
        assertThat(incidents.all()).hasSize(Incidents.KEPT);
    }

    private static Situation later(Situation at, long millis) {
        return new Situation(
                at.now() + millis * MILLI,
                at.waitedNanos(),
                at.limit(),
                at.busy(),
                at.established(),
                at.waiting(),
                at.window(),
                at.holders(),
                at.waitingProcesses(),
                at.refusal());
    }
}
