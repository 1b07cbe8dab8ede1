package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.testkit.RealPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PoolQueueTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void waitersAreServedInTheOrderTheyCameWhateverTheirLoop(int loops) {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, loops, "connection_limit", "1")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            List<Integer> served = Collections.synchronizedList(new ArrayList<>());
            List<TestClient> waiters = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int number = i;
                TestClient waiter = harness.client(random.nextInt(loops));
                waiter.onGrant(backend -> {
                    served.add(number);
                    harness.pool().release(backend);
                });
                waiters.add(waiter.ask());
            }
            assertThat(harness.pool().waiting()).isEqualTo(50);
            holder.release();
            waiters.forEach(TestClient::outcome);
            assertThat(served).as("seed %d", seed).hasSize(50).isSorted();
            harness.awaitIdle(1);
        }
    }

    @Test
    void orderHoldsWhenSomeLeaveOrRunOutOfTimeAndNewcomersKeepComing() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 3, "connection_limit", "1")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            for (int round = 0; round < 30; round++) {
                List<Integer> served = Collections.synchronizedList(new ArrayList<>());
                List<TestClient> staying = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    int number = i;
                    TestClient waiter = harness.client(random.nextInt(3)).onGrant(backend -> {
                        served.add(number);
                        harness.pool().release(backend);
                    });
                    boolean impatient = random.nextInt(4) == 0;
                    waiter.ask(impatient ? 1 + random.nextInt(3_000_000) : TimeUnit.SECONDS.toNanos(20));
                    if (random.nextInt(3) > 0 || !waiter.leave()) {
                        staying.add(waiter);
                    }
                    if (i == 10) {
                        holder.release();
                    }
                }
                long granted = staying.stream()
                        .filter(waiter -> waiter.outcome().isGranted())
                        .count();
                assertThat(served)
                        .as("round %d, seed %d", round, seed)
                        .isSorted()
                        .hasSize((int) granted);
                holder = harness.client(random.nextInt(3)).ask();
                holder.backend();
            }
            holder.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void theBackendUsedLastIsUsedFirst() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 1)) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clients.add(harness.client(0).ask());
                clients.get(i).backend();
            }
            harness.awaitBusy(3);
            clients.get(1).release();
            clients.get(0).release();
            clients.get(2).release();
            List<BackendConnection> order = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                order.add(harness.client(0).ask().backend());
            }
            assertThat(order)
                    .containsExactly(
                            clients.get(2).backend(),
                            clients.get(0).backend(),
                            clients.get(1).backend());
            order.forEach(backend -> harness.run(0, () -> harness.pool().release(backend)));
            harness.awaitIdle(3);
        }
    }

    @Test
    void aWaiterWhoseTimeIsOverIsToldTheNumbersAndHoldsNothing() {
        try (PoolHarness harness =
                PoolHarness.before(POSTGRES, database, 2, "connection_limit", "2", "pool_timeout", "300ms")) {
            TestClient first = harness.client(0).ask();
            TestClient second = harness.client(1).ask();
            first.backend();
            second.backend();
            long begin = System.nanoTime();
            TestClient late = harness.client(0).ask();
            TestClient later = harness.client(1).ask(TimeUnit.SECONDS.toNanos(20));
            CheckoutFailure failure = late.failure();
            long waited = System.nanoTime() - begin;
            assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.TIMEOUT);
            assertThat(failure.busy()).isEqualTo(2);
            assertThat(failure.limit()).isEqualTo(2);
            assertThat(failure.waiting()).isEqualTo(1);
            assertThat(failure.cause()).isNull();
            assertThat(Duration.ofNanos(failure.waitedNanos()))
                    .isBetween(Duration.ofMillis(300), Duration.ofMillis(600));
            assertThat(Duration.ofNanos(waited)).isLessThan(Duration.ofMillis(700));
            first.release();
            assertThat(later.backend()).isSameAs(first.backend());
            later.release();
            second.release();
            assertThat(late.outcomes()).isEqualTo(1);
            harness.awaitIdle(2);
        }
    }

    @Test
    void withoutAnyTimeToWaitOnlyWhatIsIdleIsGiven() {
        try (PoolHarness harness = PoolHarness.before(
                POSTGRES, database, 1, "connection_limit", "1", "pool_timeout", "0", "min_connections", "1")) {
            harness.awaitIdle(1);
            TestClient holder = harness.client(0).ask();
            holder.backend();
            TestClient other = harness.client(0).ask();
            assertThat(other.isAnswered()).isTrue();
            assertThat(other.failure().reason()).isEqualTo(CheckoutFailure.Reason.TIMEOUT);
            assertThat(harness.pool().waiting()).isZero();
            holder.release();
            TestClient third = harness.client(0).ask();
            assertThat(third.backend()).isSameAs(holder.backend());
            third.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void withoutAnyTimeToWaitABackendIsOpenedForWhoComesNext() {
        try (PoolHarness harness =
                PoolHarness.before(POSTGRES, database, 1, "connection_limit", "2", "pool_timeout", "0")) {
            assertThat(harness.client(0).ask().failure().reason()).isEqualTo(CheckoutFailure.Reason.TIMEOUT);
            harness.awaitIdle(1);
            TestClient next = harness.client(0).ask();
            next.backend();
            next.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void oneMoreThanTheQueueHoldsIsRefusedAtOnce() {
        try (PoolHarness harness =
                PoolHarness.before(POSTGRES, database, 2, "connection_limit", "1", "queue_limit", "3")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            List<TestClient> waiters = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                waiters.add(harness.client(i).ask());
            }
            TestClient tooMany = harness.client(1).ask();
            assertThat(tooMany.isAnswered()).isTrue();
            assertThat(tooMany.failure().reason()).isEqualTo(CheckoutFailure.Reason.QUEUE_FULL);
            assertThat(tooMany.failure().waiting()).isEqualTo(3);
            assertThat(waiters.get(0).leave()).isTrue();
            TestClient next = harness.client(1).ask();
            assertThat(next.isAnswered()).isFalse();
            waiters.get(1).leave();
            waiters.get(2).leave();
            holder.release();
            next.backend();
            next.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void whoHasLeftGetsNothingAndWhoCannotLeaveAnyMoreGetsABackend() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 2, "connection_limit", "1")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            int left = 0;
            for (int round = 0; round < 1_000; round++) {
                TestClient waiter = harness.client(1 + random.nextInt(2)).ask();
                TestClient previous = holder;
                Thread releaser = new Thread(previous::release);
                releaser.start();
                boolean gone = waiter.leave();
                join(releaser);
                if (gone) {
                    left++;
                    holder = harness.client(0).ask();
                    holder.backend();
                    assertThat(waiter.outcomes()).as("round %d", round).isZero();
                } else {
                    waiter.backend();
                    holder = waiter;
                }
            }
            assertThat(left).as("both outcomes happen").isBetween(1, 999);
            holder.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void expiryAndReleaseAtTheSameInstantGiveOneOutcomeAndKeepThePermit() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 2, "connection_limit", "1")) {
            int expired = 0;
            int rounds = 1_000;
            for (int round = 0; round < rounds; round++) {
                TestClient holder = harness.client(round).ask();
                holder.backend();
                long limit = 100_000 + random.nextInt(400_000);
                TestClient waiter = harness.client(random.nextInt(2));
                Thread asker = new Thread(() -> waiter.ask(limit));
                asker.start();
                long until = System.nanoTime() + random.nextInt(600_000);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                holder.release();
                join(asker);
                if (waiter.outcome().isGranted()) {
                    waiter.release();
                } else {
                    expired++;
                }
                assertThat(waiter.outcomes()).isEqualTo(1);
            }
            assertThat(expired).as("both outcomes happen, seed %d", seed).isBetween(1, rounds - 1);
            harness.awaitIdle(1);
        }
    }

    @Test
    void nobodyWaitsWhileABackendOfAnotherLoopIsIdle() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 4, "connection_limit", "1")) {
            for (int round = 0; round < 400; round++) {
                TestClient client = harness.client(random.nextInt(4)).ask();
                client.backend();
                client.release();
            }
            harness.awaitIdle(1);
        }
    }

    @Test
    void shutdownFailsWaitersRefusesNewcomersAndClosesWhatComesBack() {
        try (PoolHarness harness = PoolHarness.before(POSTGRES, database, 2, "connection_limit", "2")) {
            TestClient holder = harness.client(0).ask();
            TestClient idle = harness.client(1).ask();
            holder.backend();
            idle.backend();
            TestClient waiter = harness.client(1).ask();
            harness.pool().shutdown();
            assertThat(waiter.failure().reason()).isEqualTo(CheckoutFailure.Reason.SHUTDOWN);
            assertThat(harness.client(0).ask().failure().reason()).isEqualTo(CheckoutFailure.Reason.SHUTDOWN);
            idle.release();
            await().untilAsserted(() -> assertThat(harness.pool().open()).isEqualTo(1));
            assertThat(holder.backend().isClosed()).isFalse();
            holder.release();
            await().untilAsserted(() -> assertThat(harness.pool().open()).isZero());
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
