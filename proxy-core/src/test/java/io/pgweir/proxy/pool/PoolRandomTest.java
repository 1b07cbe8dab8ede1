package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thousands of random events from several threads on several loops: no permit and no wake-up is lost. */
@Timeout(120)
class PoolRandomTest {
    private static final int THREADS = 6;
    private static final int ROUNDS = 25;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());

    @ParameterizedTest
    @CsvSource({"1,2,false", "2,1,false", "4,3,false", "3,2,true"})
    void everybodyGetsOneOutcomeAndEveryPermitComesBack(int loops, int limit, boolean shuffle) throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (PoolHarness harness = PoolHarness.before(
                postgres,
                database,
                loops,
                "connection_limit",
                String.valueOf(limit),
                "queue_limit",
                "20",
                "shuffle",
                String.valueOf(shuffle))) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Future<Void>> running = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    running.add(threads.submit(new Actor(harness, postgres, seed + 31L * round + i)));
                }
                for (Future<Void> actor : running) {
                    actor.get();
                }
                // Everything is given back. Whoever asks now must not wait for anything but a new connection.
                long begin = System.nanoTime();
                TestClient last = harness.client(round).ask();
                last.backend();
                assertThat(Duration.ofNanos(System.nanoTime() - begin))
                        .as("round %d, seed %d", round, seed)
                        .isLessThan(Duration.ofSeconds(2));
                last.release();
                assertThat(harness.pool().open()).isLessThanOrEqualTo(limit);
            }
            assertThat(harness.pool().waiting()).as("seed %d", seed).isZero();
            assertThat(postgres.backendsOf(database)).isLessThanOrEqualTo(limit);
        } finally {
            threads.shutdownNow();
            postgres.dropDatabase(database);
        }
    }

    private static final class Actor implements Callable<Void> {
        private final PoolHarness harness;
        private final RealPostgres postgres;
        private final Random random;

        Actor(PoolHarness harness, RealPostgres postgres, long seed) {
            this.harness = harness;
            this.postgres = postgres;
            this.random = new Random(seed);
        }

        @Override
        public Void call() throws Exception {
            for (int i = 0; i < 40; i++) {
                TestClient client = harness.client(random.nextInt(100));
                switch (random.nextInt(4)) {
                    case 0 -> client.ask(random.nextInt(3) * 1_000_000L);
                    case 1 -> client.ask(random.nextInt(400_000));
                    default -> client.ask();
                }
                if (random.nextInt(3) == 0 && client.leave()) {
                    assertThat(client.outcomes()).isZero();
                    continue;
                }
                if (client.outcome().isGranted()) {
                    finish(client);
                }
                assertThat(client.outcomes()).isEqualTo(1);
            }
            return null;
        }

        private void finish(TestClient client) throws Exception {
            if (random.nextInt(4) == 0) {
                Thread.sleep(0, random.nextInt(900_000));
            }
            int dice = random.nextInt(60);
            if (dice == 0) {
                postgres.terminate(client.backend().pid());
            }
            if (dice < 4) {
                client.discard();
            } else {
                client.release();
            }
        }
    }
}
