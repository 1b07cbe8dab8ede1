package io.pgweir.proxy.insight;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class HoldTimesTest {
    private static final long MILLI = 1_000_000;
    private static final long START = 1_000_000 * MILLI;

    private final HoldTimes times = new HoldTimes(Duration.ofSeconds(1));

    static Holder holder(HoldState state, String label, long fingerprint, long since) {
        StatementView statement = new StatementView(fingerprint, "statement " + fingerprint, null);
        return new Holder(state, label, statement, "p", "127.0.0.1:1", 1, since, since);
    }

    @Test
    void sharesAddUpToConnectionsTimesTime() {
        Holder idle = holder(HoldState.IDLE_IN_TRANSACTION, "a", 1, START);
        Holder active = holder(HoldState.ACTIVE, "b", 2, START);
        for (int i = 1; i <= 20; i++) {
            List<Holder> seen = i <= 15 ? List.of(idle, idle, active) : List.of(idle, active, active);
            times.add(START + i * 20 * MILLI, 20 * MILLI, seen, 1);
        }
        HoldTimes.Window window = times.window(START, START + 400 * MILLI);
        assertThat(window.totalNanos()).isEqualTo(3 * 400 * MILLI);
        assertThat(window.ended()).isEqualTo(20);
        assertThat(window.shares()).extracting(Share::label).containsExactly("a", "b");
        assertThat(window.shares().get(0).nanos()).isEqualTo(700 * MILLI);
        assertThat(window.shares().get(0).text()).isEqualTo("statement 1");
        assertThat(window.part(HoldState.ACTIVE)).isBetween(0.41, 0.42);
        assertThat(window.shares().get(0).meanAgeNanos()).isBetween(150 * MILLI, 250 * MILLI);
    }

    @Test
    void whatIsLongAgoDoesNotCount() {
        times.add(START, 20 * MILLI, List.of(holder(HoldState.ACTIVE, "old", 1, START)), 7);
        long now = START + 10_000 * MILLI;
        times.add(now, 20 * MILLI, List.of(holder(HoldState.ACTIVE, "new", 2, now)), 1);
        HoldTimes.Window window = times.window(now - 500 * MILLI, now);
        assertThat(window.shares()).extracting(Share::label).containsExactly("new");
        assertThat(window.ended()).isEqualTo(1);
    }

    @Test
    void withTooManyKindsTheLargeOnesStayAndTheRestIsOther() {
        long now = START;
        for (int round = 0; round < 10; round++) {
            now += MILLI;
            List<Holder> seen = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                seen.add(holder(HoldState.ACTIVE, "small", round * 1000 + i + 10, now));
            }
            seen.addAll(Collections.nCopies(5, holder(HoldState.IDLE_IN_TRANSACTION, "large", 1, now)));
            times.add(now, 20 * MILLI, seen, 0);
        }
        HoldTimes.Window window = times.window(START, now);
        assertThat(window.shares()).hasSizeLessThanOrEqualTo(HoldTimes.MOST_KINDS + HoldState.values().length);
        assertThat(window.totalNanos()).isEqualTo(10L * 205 * 20 * MILLI);
        assertThat(window.shares().get(0).label()).isEqualTo("other");
        assertThat(window.shares())
                .filteredOn(share -> share.label().equals("large"))
                .singleElement()
                .satisfies(share -> assertThat(share.nanos()).isEqualTo(10 * 5 * 20 * MILLI));
    }
}
