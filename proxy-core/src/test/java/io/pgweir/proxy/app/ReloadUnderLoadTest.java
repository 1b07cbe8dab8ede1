package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Fifty clients work while the configuration is written anew and reloaded again and again: none of them notices. */
@Timeout(600)
class ReloadUnderLoadTest {
    private static final int CLIENTS = 50;
    /** {@code -Dpgweir.test.reloads=200} for a longer run. */
    private static final int RELOADS = Integer.getInteger("pgweir.test.reloads", 12);

    private static final int[] LIMITS = {2, 5, 12, 25};

    private final RealPostgres postgres = RealPostgres.get();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong statements = new AtomicLong();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    /** The most backends that may be open at the moment. */
    private final AtomicInteger allowed = new AtomicInteger(LIMITS[2]);

    private final AtomicInteger looks = new AtomicInteger();

    @Test
    void noStatementFailsAndNoLimitIsExceeded(@TempDir Path directory) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String database = postgres.createDatabase();
        String other = postgres.createDatabase();
        int limit = LIMITS[2];
        List<Thread> threads = new ArrayList<>();
        try (Reloading pgweir = new Reloading(postgres, directory, file(random, database, other, limit, true))) {
            CountDownLatch connected = new CountDownLatch(CLIENTS + 1);
            for (int i = 0; i < CLIENTS; i++) {
                Random own = new Random(seed + i);
                threads.add(start(() -> work(pgweir, "app", own, connected)));
            }
            threads.add(start(() -> work(pgweir, "more", new Random(seed), connected)));
            threads.add(start(() -> look(database)));
            assertThat(connected.await(30, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < RELOADS && failures.isEmpty(); i++) {
                int next = LIMITS[random.nextInt(LIMITS.length)];
                boolean more = random.nextBoolean();
                allowed.set(Math.max(limit, next));
                pgweir.to(file(random, database, other, next, more));
                await("the limit " + next + " is observed; seed " + seed)
                        .atMost(Duration.ofSeconds(20))
                        .pollInterval(Duration.ofMillis(20))
                        .until(() -> postgres.backendsOf(database) <= next);
                allowed.set(next);
                limit = next;
                newcomer(pgweir, "app", true);
                newcomer(pgweir, "more", more);
            }
            over.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            LiveConfig live = pgweir.proxy().proxy().configuration();
            assertThat(live.counted(LiveConfig.Outcome.SUCCEEDED)).isEqualTo(RELOADS);
            System.out.printf(
                    "reload under load: %d statements of %d clients, %d reloads, %d looks; seed %d%n",
                    statements.get(), CLIENTS + 1, RELOADS, looks.get(), seed);
        } finally {
            over.set(true);
        }
        assertThat(failures).as("seed %d", seed).isEmpty();
        assertThat(statements.get()).isGreaterThan(RELOADS * 10L);
    }

    private static String file(Random random, String database, String other, int limit, boolean more) {
        String host = random.nextBoolean() ? "$HOST" : "$OTHER";
        StringBuilder text = new StringBuilder();
        text.append("connection_limit: ").append(limit).append('\n');
        text.append("min_connections: ").append(random.nextInt(limit)).append('\n');
        text.append("statement_timeout: ").append(20 + random.nextInt(20)).append("s\n");
        text.append("pool_timeout: ").append(20 + random.nextInt(20)).append("s\n");
        text.append("breaker_failures: ").append(2 + random.nextInt(4)).append('\n');
        text.append("backend_lifetime: ").append(5 + random.nextInt(60)).append("m\n");
        text.append("databases:\n  app: {host: ").append(host).append(", port: $PORT, dbname: ");
        text.append(database).append("}\n");
        if (more) {
            text.append("  more: {host: ").append(host).append(", port: $PORT, dbname: ");
            text.append(other).append("}\n");
        }
        if (random.nextBoolean()) {
            text.append("users:\n  postgres: {transaction_timeout: 40s}\n  somebody: {password: secret}\n");
        }
        return text.toString();
    }

    private static Thread start(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** What a client does until the end; its database may go and come back meanwhile. */
    private void work(Reloading pgweir, String name, Random random, CountDownLatch connected) {
        try (WireClient client = pgweir.login(name)) {
            connected.countDown();
            while (!over.get() && failures.isEmpty()) {
                if (random.nextInt(3) > 0) {
                    one(client, "select " + random.nextInt(1000), "Z[I]");
                } else {
                    one(client, "begin", "Z[T]");
                    one(client, "select pg_sleep(0.00" + random.nextInt(10) + ")", "Z[T]");
                    one(client, "commit", "Z[I]");
                }
            }
        } catch (IOException | RuntimeException e) {
            failures.add(name + ": " + e);
            connected.countDown();
        }
    }

    private void one(WireClient client, String sql, String end) throws IOException {
        String answer = client.query(sql);
        statements.incrementAndGet();
        if (answer.contains("E[") || !answer.endsWith(end)) {
            failures.add(sql + ": " + answer);
        }
    }

    private void look(String database) {
        while (!over.get()) {
            try {
                int before = allowed.get();
                int open = postgres.backendsOf(database);
                int most = Math.max(before, allowed.get());
                looks.incrementAndGet();
                if (open > most) {
                    failures.add(open + " backends with a limit of " + most);
                }
            } catch (Exception e) {
                failures.add("look: " + e);
            }
        }
    }

    private static void newcomer(Reloading pgweir, String name, boolean welcome) throws IOException {
        try (WireClient client = pgweir.login(name)) {
            assertThat(welcome).as(name).isTrue();
            assertThat(client.query("select 1")).endsWith("Z[I]");
        } catch (io.pgweir.proxy.testkit.LoginRefused e) {
            assertThat(welcome).as(name).isFalse();
            assertThat(e).hasMessageContaining("3D000");
        }
    }
}
