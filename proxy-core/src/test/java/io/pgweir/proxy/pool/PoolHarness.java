package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.settings.TransportChoice;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.tls.TlsLibrary;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One pool on event loops of its own, without clients of the proxy. Upkeep runs every 20 ms on each loop. Closing asserts
 * that every permit has come back.
 */
final class PoolHarness implements AutoCloseable {
    private final EventLoops loops;
    private final ExecutorService offload = Executors.newFixedThreadPool(2);
    private final Breakers breakers;
    private final Pool pool;

    private PoolHarness(String host, int port, String database, int loopCount, String... settings) {
        this(host + ":" + port, database, loopCount, settings);
    }

    private PoolHarness(String hosts, String database, int loopCount, String... settings) {
        Map<String, String> flags = new HashMap<>();
        flags.put("database_url", "postgresql://" + hosts + "/" + database);
        flags.put("client_auth", "trust");
        for (int i = 0; i < settings.length; i += 2) {
            flags.put(settings[i], settings[i + 1]);
        }
        ProxyConfig config =
                ConfigLoader.load(new ConfigSources(flags, Map.of())).config().orElseThrow();
        PoolSettings poolSettings = config.databases().get(0).pool();
        breakers = new Breakers(config.breaker());
        loops = new EventLoops(Transport.choose(TransportChoice.AUTO), loopCount);
        BackendTarget target = new BackendTarget(
                config.databases().get(0).hosts(),
                database,
                "postgres",
                BackendCredentials.of(null),
                Map.of(),
                poolSettings.connectTimeout(),
                100,
                poolSettings.hosts().target(),
                ServerTls.OFF);
        pool = new Pool(
                new PoolKey(database, "postgres"),
                poolSettings,
                target,
                new BackendConnector(loops.transport(), new TlsLibrary(TlsProviderChoice.JDK, offload), offload),
                new StatementRegistry(new AtomicLong()),
                breakers.servers(target.hosts(), poolSettings.hosts()),
                loops.contexts());
        for (LoopContext loop : loops.contexts()) {
            loop.loop().scheduleAtFixedRate(() -> pool.maintain(loop), 0, 20, TimeUnit.MILLISECONDS);
        }
    }

    /** {@code settings} in pairs of name and value. */
    static PoolHarness before(RealPostgres postgres, String database, int loops, String... settings) {
        return new PoolHarness(postgres.host(), postgres.port(), database, loops, settings);
    }

    static PoolHarness before(FakePostgres postgres, int loops, String... settings) {
        return new PoolHarness(postgres.host(), postgres.port(), "fake", loops, settings);
    }

    /** Before several servers, in this order. */
    static PoolHarness before(List<FakePostgres> servers, int loops, String... settings) {
        List<String> hosts = servers.stream()
                .map(server -> server.host() + ":" + server.port())
                .toList();
        return new PoolHarness(String.join(",", hosts), "fake", loops, settings);
    }

    static PoolHarness at(String host, int port, int loops, String... settings) {
        return new PoolHarness(host, port, "fake", loops, settings);
    }

    /** As another configuration comes into force, its servers are known first: this one. */
    void servers(FakePostgres server) {
        breakers.change(pool.servers(), addresses(server), pool.settings().hosts());
    }

    /** And then what to log in to it with. */
    void target(FakePostgres server) {
        target(server, BackendCredentials.of(null));
    }

    void target(FakePostgres server, BackendCredentials credentials) {
        BackendTarget target = new BackendTarget(
                addresses(server),
                "fake",
                "postgres",
                credentials,
                Map.of(),
                pool.settings().connectTimeout(),
                100,
                pool.settings().hosts().target(),
                ServerTls.OFF);
        pool.steering().rules(pool.settings(), target, true);
    }

    private static List<HostPort> addresses(FakePostgres server) {
        return List.of(new HostPort(server.host(), server.port()));
    }

    /** Of the only server. */
    Breaker breaker() {
        return breakers.all().iterator().next();
    }

    Pool pool() {
        return pool;
    }

    int loops() {
        return loops.contexts().size();
    }

    /** A client on the loop of this number, modulo the number of loops. */
    TestClient client(int loop) {
        return new TestClient(pool, loops.contexts().get(loop % loops()));
    }

    /** Runs on the loop of this number. */
    void run(int loop, Runnable action) {
        try {
            loops.contexts().get(loop % loops()).loop().submit(action).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** CPU time that the loops have used so far. */
    long cpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long[] sum = new long[1];
        for (int loop = 0; loop < loops(); loop++) {
            run(loop, () -> sum[0] += threads.getCurrentThreadCpuTime());
        }
        return sum[0];
    }

    /** Waits until no connect is under way and so many backends are open, none of them idle. */
    void awaitBusy(int backends) {
        await("%d busy backends".formatted(backends))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> pool.open() == backends && pool.connecting() == 0 && pool.idle() == 0);
    }

    /** Waits until nobody waits and all backends there are, so many, are idle. */
    void awaitIdle(int backends) {
        await("%d idle backends".formatted(backends))
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> {
                    assertThat(pool.waiting()).as("waiting").isZero();
                    assertThat(pool.connecting()).as("connecting").isZero();
                    assertThat(pool.idle()).as("idle").isEqualTo(backends);
                    assertThat(pool.open()).as("open").isEqualTo(backends);
                });
    }

    @Override
    public void close() {
        pool.shutdown();
        try {
            await("all permits are back")
                    .atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(5))
                    .untilAsserted(() -> {
                        assertThat(pool.open()).as("open").isZero();
                        assertThat(pool.connecting()).as("connecting").isZero();
                        assertThat(pool.waiting()).as("waiting").isZero();
                    });
        } finally {
            loops.shutdown().awaitUninterruptibly(5, TimeUnit.SECONDS);
            offload.shutdownNow();
        }
    }
}
