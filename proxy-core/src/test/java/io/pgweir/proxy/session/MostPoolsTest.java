package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The number of pools is bounded by max_pools, and those that nobody uses make room. */
class MostPoolsTest {
    private final RealPostgres postgres = RealPostgres.get();
    private final List<String> databases = new ArrayList<>();

    @BeforeEach
    void create() throws Exception {
        for (int i = 0; i < 3; i++) {
            databases.add(postgres.createDatabase());
        }
    }

    @AfterEach
    void drop() throws Exception {
        for (String database : databases) {
            postgres.dropDatabase(database);
        }
    }

    private static WireClient login(RunningProxy proxy, String database) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private static List<String> pools(RunningProxy proxy) {
        return proxy.proxy().pools().pools().stream()
                .map(pool -> pool.key().database())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aLoginThatNeedsOneMoreIsRefusedUntilOneIsFree(String mode) throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "max_pools", "2", "pool_mode", mode);
                WireClient first = login(proxy, databases.get(0))) {
            WireClient second = login(proxy, databases.get(1));
            second.query("SELECT 1");
            assertRefused(proxy);
            login(proxy, databases.get(0)).close();
            // Without clients it is not free yet: its backends count against what the server was promised.
            second.close();
            Pool left = proxy.pool(databases.get(1), "postgres");
            await().until(() -> left.idle() == 1);
            assertRefused(proxy);
            for (RealPostgres.Backend backend : postgres.backends(databases.get(1))) {
                postgres.terminate(backend.pid());
            }
            await().until(() -> left.open() == 0);
            try (WireClient third = login(proxy, databases.get(2))) {
                assertThat(third.value("SELECT current_database()")).isEqualTo(databases.get(2));
                assertThat(pools(proxy)).containsExactlyInAnyOrder(databases.get(0), databases.get(2));
                assertThatThrownBy(() -> login(proxy, databases.get(1))).isInstanceOf(LoginRefused.class);
                assertThat(first.value("SELECT current_database()")).isEqualTo(databases.get(0));
            }
        }
    }

    private void assertRefused(RunningProxy proxy) {
        assertThatThrownBy(() -> login(proxy, databases.get(2)))
                .isInstanceOf(LoginRefused.class)
                .hasMessage("E[53300 no pool for " + databases.get(2)
                        + "/postgres: there are 2 already (max_pools), each with clients or backends]");
    }

    @Test
    void thePoolOfAnUrlsOwnUserIsThereInAnyCase() throws Exception {
        String url = "postgresql://postgres@" + postgres.host() + ":" + postgres.port() + "/" + databases.get(0);
        String role = "guest_" + databases.get(0);
        postgres.execute("CREATE ROLE " + role + " LOGIN");
        try (RunningProxy proxy = RunningProxy.at(url, "max_pools", "1");
                WireClient guest = WireClient.login(proxy.host(), proxy.port(), databases.get(0), role, null);
                WireClient own = login(proxy, databases.get(0))) {
            assertThat(own.value("SELECT current_user")).isEqualTo("postgres");
            assertThat(guest.value("SELECT current_user")).isEqualTo(role);
        }
        postgres.execute("DROP ROLE " + role);
    }

    /** Only the pool that has found a server down asks it again; it may be gone by then. */
    @Test
    void aServerThatCameBackIsNoticedThoughThePoolThatAskedItHasGone() throws Exception {
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy proxy = RunningProxy.before(network, "max_pools", "1")) {
            network.refuse(true);
            try (WireClient client = login(proxy, databases.get(0))) {
                await().until(() -> client.query("SELECT 1").contains("breaker open"));
            }
            Pool first = proxy.pool(databases.get(0), "postgres");
            try (WireClient client = await().ignoreExceptionsInstanceOf(LoginRefused.class)
                    .until(() -> login(proxy, databases.get(1)), Objects::nonNull)) {
                assertThat(proxy.proxy().pools().pools()).doesNotContain(first);
                int accepted = network.accepted();
                await().until(() -> client.query("SELECT 1").contains("57P03") && network.accepted() > accepted);
                network.refuse(false);
                await().atMost(Duration.ofSeconds(5))
                        .until(() -> client.query("SELECT 1").contains("D[1]"));
            }
        }
    }

    @Test
    void poolsThatComeAndGoNeverExceedTheNumberAndServeTheirOwn() throws Exception {
        long seed = System.nanoTime();
        AtomicInteger served = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (RunningProxy proxy = RunningProxy.before(postgres, "max_pools", "2")) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(seed + t);
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 40; i++) {
                        String database = databases.get(random.nextInt(databases.size()));
                        try (WireClient client = login(proxy, database)) {
                            assertThat(client.value("SELECT current_database()"))
                                    .as("seed %d", seed)
                                    .isEqualTo(database);
                            // Its backend ends with it, so that the pool may.
                            client.query("SELECT pg_terminate_backend(pg_backend_pid())");
                            served.incrementAndGet();
                        } catch (LoginRefused refused) {
                            assertThat(refused).hasMessageContaining("max_pools");
                        }
                        most.accumulateAndGet(pools(proxy).size(), Math::max);
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(most.get()).as("seed %d", seed).isEqualTo(2);
        assertThat(served.get()).as("seed %d", seed).isGreaterThan(10);
    }
}
