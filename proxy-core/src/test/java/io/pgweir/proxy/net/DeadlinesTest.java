package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With a clock that only the test moves. */
class DeadlinesTest {
    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> expired = new ArrayList<>();
    /** Begins just before the long overflows, as System.nanoTime may. */
    private long now = Long.MAX_VALUE - 1_000;

    private final Deadlines deadlines = new Deadlines(channel.eventLoop(), () -> now);

    private class Named extends Deadlines.Deadline {
        private final String name;
        private Runnable onExpiry = () -> {};

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void expired() {
            assertThat(isArmed()).isFalse();
            expired.add(name);
            onExpiry.run();
        }
    }

    @BeforeEach
    void freeze() {
        channel.freezeTime();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void expireInTheOrderOfTheirTimeAndNotBefore() {
        deadlines.arm(new Named("c"), 300);
        deadlines.arm(new Named("a"), 100);
        deadlines.arm(new Named("b"), 200);
        pass(99);
        assertThat(expired).isEmpty();
        pass(1);
        assertThat(expired).containsExactly("a");
        pass(200);
        assertThat(expired).containsExactly("a", "b", "c");
    }

    @Test
    void whatOutlastsAStandstillOfTheLoopHasItsTimeOnceMore() {
        long length = 2 * Deadlines.STANDSTILL_NANOS;
        Named usual = new Named("usual");
        Named patient = new Named("patient") {
            @Override
            protected boolean outlastsStandstill() {
                return true;
            }
        };
        for (int i = 0; i < 2; i++) {
            expired.clear();
            deadlines.arm(usual, length);
            deadlines.arm(patient, length);
            pass(length + Deadlines.STANDSTILL_NANOS + 1);
            assertThat(expired).containsExactly("usual");
            pass(length - 1);
            assertThat(expired).containsExactly("usual");
            pass(Deadlines.STANDSTILL_NANOS + 2);
            assertThat(expired).containsExactly("usual", "patient");
        }
        deadlines.arm(patient, length);
        pass(length + Deadlines.STANDSTILL_NANOS);
        assertThat(expired).containsExactly("usual", "patient", "patient");
    }

    @Test
    void aDisarmedDeadlineDoesNotExpireAndThoseAroundItDo() {
        Named first = new Named("first");
        Named middle = new Named("middle");
        Named last = new Named("last");
        for (Named each : List.of(first, middle, last)) {
            deadlines.arm(each, 100);
        }
        middle.disarm();
        middle.disarm();
        assertThat(middle.isArmed()).isFalse();
        pass(100);
        assertThat(expired).containsExactly("first", "last");
    }

    @Test
    void armingAgainStartsItsTimeAnew() {
        Named deadline = new Named("once");
        deadlines.arm(deadline, 100);
        pass(60);
        deadlines.arm(deadline, 100);
        pass(60);
        assertThat(expired).isEmpty();
        pass(40);
        assertThat(expired).containsExactly("once");
        pass(1_000);
        assertThat(expired).hasSize(1);
    }

    @Test
    void anotherLengthCountsFromWhenItWasArmedHoweverOftenItChanges() {
        Named deadline = new Named("once");
        deadlines.arm(deadline, 1_000);
        for (int i = 0; i < 9; i++) {
            pass(100);
            deadlines.rearm(deadline, i % 2 == 0 ? 990 : 1_000);
        }
        assertThat(expired).isEmpty();
        pass(89);
        assertThat(expired).isEmpty();
        pass(1);
        assertThat(expired).containsExactly("once");
        deadlines.arm(deadline, 1_000);
        pass(500);
        deadlines.rearm(deadline, 1_000);
        deadlines.rearm(deadline, 400); // that is over
        pass(1);
        assertThat(expired).hasSize(2);
        deadlines.rearm(deadline, 700);
        assertThat(deadline.isArmed()).isFalse();
    }

    /** A client may change a long limit as often as it likes. */
    @Test
    void otherLengthsLeaveNothingBehind() {
        Named deadline = new Named("once");
        deadlines.arm(deadline, 1_000_000);
        channel.runScheduledPendingTasks();
        for (int i = 0; i < 100; i++) {
            pass(1);
            deadlines.rearm(deadline, 900_000 + i);
        }
        deadline.disarm();
        assertThat(channel.runScheduledPendingTasks())
                .as("what is due next: the task of its first length alone")
                .isEqualTo(1_000_000 - 100);
        assertThat(expired).isEmpty();
    }

    @Test
    void anExpiryMayArmItselfAndDisarmOthers() {
        Named other = new Named("other");
        Named again = new Named("again");
        again.onExpiry = () -> {
            other.disarm();
            if (expired.size() < 3) {
                deadlines.arm(again, 100);
            }
        };
        deadlines.arm(again, 100);
        deadlines.arm(other, 100);
        pass(100);
        pass(100);
        pass(100);
        pass(100);
        assertThat(expired).containsExactly("again", "again", "again");
    }

    @Test
    void anExpiryThatFailsDoesNotStopTheOthers() {
        Named broken = new Named("broken");
        broken.onExpiry = () -> {
            throw new IllegalStateException("on purpose");
        };
        deadlines.arm(broken, 100);
        deadlines.arm(new Named("behind"), 100);
        pass(100);
        pass(1);
        deadlines.arm(new Named("later"), 100);
        pass(100);
        assertThat(expired).containsExactly("broken", "behind", "later");
    }

    @Test
    void behavesAsAListOfTimesWhateverIsArmedAndDisarmed() {
        Random random = new Random(seed);
        List<Named> all = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            all.add(new Named("d" + i));
        }
        Map<Named, Long> model = new HashMap<>();
        Map<Named, Long> armed = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            Named one = all.get(random.nextInt(all.size()));
            int dice = random.nextInt(10);
            if (dice == 0) {
                long length = 1 + random.nextInt(100);
                deadlines.rearm(one, length);
                // Lengths are compared, not times: those may overflow.
                model.computeIfPresent(one, (same, old) -> armed.get(one) + Math.max(length, now + 1 - armed.get(one)));
            } else if (dice < 5) {
                // Few lengths most of the time, as a proxy has; sometimes one that nobody used before.
                long length = random.nextInt(20) > 0 ? 10L * (1 + random.nextInt(5)) : 1 + random.nextInt(1_000_000);
                deadlines.arm(one, length);
                model.put(one, now + length);
                armed.put(one, now);
            } else if (dice < 7) {
                one.disarm();
                model.remove(one);
            } else {
                expired.clear();
                pass(random.nextInt(20));
                Set<String> due = new HashSet<>();
                model.entrySet().removeIf(entry -> entry.getValue() - now <= 0 && due.add(entry.getKey().name));
                assertThat(expired).as("step %d, seed %d", step, seed).containsExactlyInAnyOrderElementsOf(due);
            }
            assertThat(one.isArmed()).as("step %d, seed %d", step, seed).isEqualTo(model.containsKey(one));
        }
    }

    private void pass(long nanos) {
        now += nanos;
        channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }
}
