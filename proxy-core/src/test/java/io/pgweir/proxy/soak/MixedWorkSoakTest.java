package io.pgweir.proxy.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * 200 clients do mixed work through 5 backends, and every answer is compared with the one it must be. The system property
 * {@code pgweir.soak.seconds} says how long each variant runs: 3 in the build, 20 for the figure in the documentation.
 */
@Timeout(600)
class MixedWorkSoakTest {
    private static final int CLIENTS = 200;
    private static final int LIMIT = 5;
    private static final int SECONDS = Integer.getInteger("pgweir.soak.seconds", 3);

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());

    @ParameterizedTest(name = "{0} event loops, shuffle {1}")
    @CsvSource({"1,false", "3,false", "1,true", "3,true"})
    void everyClientGetsItsOwnAnswersAndNothingElse(int loops, boolean shuffle) throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        SoakFigures figures = new SoakFigures();
        List<String> failures = new ArrayList<>();
        try (var direct = postgres.connect(database);
                var statement = direct.createStatement();
                RunningProxy proxy = RunningProxy.before(
                        postgres,
                        "connection_limit",
                        String.valueOf(LIMIT),
                        "event_loops",
                        String.valueOf(loops),
                        "shuffle",
                        String.valueOf(shuffle),
                        "prepared_statement_limit",
                        "30")) {
            statement.execute("create table soak(nonce text, client int)");
            statement.execute("create index on soak(nonce)");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                running.add(threads.submit(() -> new SoakClient(proxy, database, number, seed, end, figures).call()));
            }
            int most = 0;
            while (System.nanoTime() < end) {
                most = Math.max(most, postgres.backendsOf(database) - 1);
                TimeUnit.MILLISECONDS.sleep(50);
            }
            for (Future<Void> client : running) {
                try {
                    client.get();
                } catch (ExecutionException e) {
                    failures.add(String.valueOf(e.getCause()));
                }
            }
            System.out.printf(
                    "soak: %d clients, %d backends at most, %d event loops, shuffle %s, %d s: %s, %d mismatches, seed %d%n",
                    CLIENTS, most, loops, shuffle, SECONDS, figures, failures.size(), seed);
            assertThat(failures).as("seed %d", seed).isEmpty();
            assertThat(most).isLessThanOrEqualTo(LIMIT);
            assertThat(figures.fewest()).as("every kind of work was done").isPositive();
            proxy.awaitQuiet();
            try (var rows = statement.executeQuery("select count(*) from soak where nonce = 'left open'")) {
                rows.next();
                assertThat(rows.getInt(1))
                        .as("rows of transactions that their clients left open")
                        .isZero();
            }
        } finally {
            threads.shutdownNow();
            postgres.dropDatabase(database);
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> postgres.backendsOf(database) == 0);
    }
}
