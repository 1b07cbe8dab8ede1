package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The limit is exact, as the server counts it, through a storm of clients that come, go, break off, cancel, exceed their
 * limits, are refused and lose their backends. It is counted twice: by samples of {@code pg_stat_activity}, and at every
 * single login by PostgreSQL itself, whose own CONNECTION LIMIT for the database is the pool's and must never be hit.
 */
@Timeout(120)
class PoolChurnTest {
    private static final int LIMIT = 4;
    private static final int CLIENTS = 16;
    private static final long NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("pgweir.churn.seconds", 3));

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final AtomicInteger acts = new AtomicInteger();

    @ParameterizedTest
    @CsvSource({"2,transaction", "4,transaction", "2,session", "4,session"})
    void theServerNeverSeesMoreBackendsThanTheLimit(int loops, String mode) throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        // PostgreSQL lets superusers in beyond its limit, so not as one if the server knows another role.
        String user = postgres.checksPasswords() ? TestRole.TRUST.user() : postgres.superuser();
        postgres.execute("ALTER DATABASE " + database + " CONNECTION LIMIT " + LIMIT);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 2);
        try (RunningProxy proxy = RunningProxy.before(
                        postgres,
                        "connection_limit",
                        String.valueOf(LIMIT),
                        "event_loops",
                        String.valueOf(loops),
                        "pool_mode",
                        mode,
                        "pool_timeout",
                        "300ms",
                        "statement_timeout",
                        "150ms",
                        "transaction_timeout",
                        "250ms",
                        "idle_in_transaction_timeout",
                        "50ms",
                        "backend_lifetime",
                        "2s");
                ActivitySampler sampler = new ActivitySampler(postgres, database)) {
            long end = System.nanoTime() + NANOS;
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                running.add(threads.submit(new Restless(proxy, database, user, seed + i, end)));
            }
            running.add(threads.submit(() -> {
                Random random = new Random(seed - 1);
                while (System.nanoTime() < end) {
                    List<RealPostgres.Backend> backends = postgres.backends(database);
                    if (!backends.isEmpty()) {
                        postgres.terminate(
                                backends.get(random.nextInt(backends.size())).pid());
                    }
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(150));
                }
                return null;
            }));
            Set<String> refused = ConcurrentHashMap.newKeySet();
            running.add(threads.submit(() -> {
                while (System.nanoTime() < end) {
                    proxy.proxy().pools().pools().stream()
                            .map(Pool::failure)
                            .filter(failure -> failure != null && "53300".equals(failure.sqlState()))
                            .forEach(failure -> refused.add(failure.message()));
                    TimeUnit.MILLISECONDS.sleep(5);
                }
                return null;
            }));
            for (Future<Void> client : running) {
                client.get();
            }
            proxy.awaitQuiet();
            System.out.printf(
                    "churn %d loops, %s: %d acts, %d samples (gap %d ms at most), at most %d backends (%d seemingly),"
                            + " seed %d%n",
                    loops,
                    mode,
                    acts.get(),
                    sampler.samples(),
                    sampler.longestGapMillis(),
                    sampler.most(),
                    sampler.mostSeemingly(),
                    seed);
            assertThat(refused).as("logins beyond the limit, seed %d", seed).isEmpty();
            assertThat(sampler.most()).as("seed %d", seed).isEqualTo(LIMIT);
            assertThat(sampler.samples()).isGreaterThan(50);
            assertThat(acts.get()).isGreaterThan(200);
        } finally {
            threads.shutdownNow();
            postgres.dropDatabase(database);
        }
    }

    /** One client after the other, each of which does something and leaves in one of many ways. */
    private final class Restless implements Callable<Void> {
        private final RunningProxy proxy;
        private final String database;
        private final String user;
        private final Random random;
        private final long end;

        Restless(RunningProxy proxy, String database, String user, long seed, long end) {
            this.proxy = proxy;
            this.database = database;
            this.user = user;
            this.random = new Random(seed);
            this.end = end;
        }

        @Override
        public Void call() throws Exception {
            while (System.nanoTime() < end) {
                Map<String, String> startup = new HashMap<>(
                        Map.of("user", user, "database", database, "application_name", "churn" + random.nextInt(3)));
                if (random.nextInt(12) == 0) {
                    startup.put("options", "-c work_mem=nonsense"); // for the server to refuse
                }
                int port = 0;
                try (WireClient client = WireClient.login(proxy.host(), proxy.port(), startup, null)) {
                    port = client.socket().getLocalPort();
                    for (int i = random.nextInt(6); i >= 0; i--) {
                        act(client);
                        acts.incrementAndGet();
                    }
                } catch (IOException e) {
                    // Refused, or lost its backend and with it, in session mode, its connection. Next.
                    assertThat(e)
                            .as("no answer to client on port %d, seed %d", port, seed)
                            .isNotInstanceOf(java.net.SocketTimeoutException.class);
                }
            }
            return null;
        }

        private void act(WireClient client) throws IOException, InterruptedException {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> client.query("select pg_sleep(0.00" + random.nextInt(10) + ")");
                case 3 -> {
                    client.query("begin");
                    client.query("select 1");
                    if (random.nextBoolean()) {
                        client.query("commit");
                    }
                }
                case 4 -> client.exchange(Frontend.unnamed("select $1::int / $2::int", "1", "0"), Frontend.sync());
                case 5 -> {
                    client.send(Frontend.query("select pg_sleep(0.2)"));
                    client.cancel();
                    client.readUntilReady();
                }
                case 6 -> {
                    client.send(Frontend.query("select pg_sleep(20)"));
                    client.reset();
                }
                case 7 -> {
                    client.send(Frontend.query("select repeat('x', 100000) from generate_series(1, 100)"));
                    client.close();
                }
                case 8 -> client.query("select pg_sleep(2)");
                case 9 -> {
                    client.query("begin");
                    client.query("select 1");
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(100));
                    client.query("select pg_sleep(0.1)");
                    client.query("rollback");
                }
                case 10 -> {
                    client.send(Frontend.terminate());
                    client.close();
                }
                default -> {
                    byte[] query = Frontend.query("select 1");
                    client.send(java.util.Arrays.copyOf(query, 3 + random.nextInt(query.length - 3)));
                    client.close();
                }
            }
        }
    }
}
