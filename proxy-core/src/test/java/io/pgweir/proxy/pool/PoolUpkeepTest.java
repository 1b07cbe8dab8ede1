package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Retirement of backends and the minimum that stays. */
@Timeout(60)
class PoolUpkeepTest {
    @Test
    void theMinimumIsOpenFromTheStartAndComesBackAfterALoss() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(server, 2, "min_connections", "6")) {
            harness.awaitIdle(6);
            assertThat(server.accepted()).isEqualTo(6);
            TestClient client = harness.client(0).ask();
            client.backend();
            client.discard();
            await().until(() -> server.accepted() == 7);
            harness.awaitIdle(6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void backendsThatAreIdleForLongGoButNotTheMinimum(int loops) throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(
                        server,
                        loops,
                        "connection_limit",
                        "8",
                        "min_connections",
                        "2",
                        "backend_idle_timeout",
                        "500ms")) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(harness.client(i).ask());
            }
            clients.forEach(TestClient::backend);
            assertThat(server.open()).isEqualTo(8);
            long released = System.nanoTime();
            clients.forEach(TestClient::release);
            harness.awaitIdle(2);
            assertThat(Duration.ofNanos(System.nanoTime() - released))
                    .isBetween(Duration.ofMillis(450), Duration.ofMillis(1_500));
            assertThat(server.accepted())
                    .as("none of the minimum was closed and opened again")
                    .isEqualTo(8);
        }
    }

    @Test
    void aBackendThatIsUsedNowAndThenStays() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(server, 1, "backend_idle_timeout", "400ms")) {
            for (int i = 0; i < 15; i++) {
                TestClient client = harness.client(0).ask();
                client.backend();
                client.release();
                Thread.sleep(80);
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void anOldBackendIsReplacedWhenItIsIdleAndNotWhileItWorks() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness =
                        PoolHarness.before(server, 2, "min_connections", "1", "backend_lifetime", "500ms")) {
            TestClient worker = harness.client(0).ask();
            BackendConnection backend = worker.backend();
            long end = System.nanoTime() + Duration.ofMillis(900).toNanos();
            while (System.nanoTime() < end) {
                assertThat(backend.isClosed()).isFalse();
                Thread.sleep(20);
            }
            worker.release();
            await().until(() -> harness.pool().idle() == 1 && harness.pool().open() == 1);
            assertThat(backend.isClosed()).isTrue();
            int sofar = server.accepted();
            await("the idle one ages as well").until(() -> server.accepted() > sofar);
        }
    }

    @Test
    void zeroMeansThatNothingRetires() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness =
                        PoolHarness.before(server, 1, "backend_idle_timeout", "0", "backend_lifetime", "0")) {
            TestClient client = harness.client(0).ask();
            client.backend();
            client.release();
            Thread.sleep(500);
            harness.awaitIdle(1);
        }
    }

    @Test
    void theKernelGivesUpAPeerThatIsGone() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(server, 1)) {
            TestClient client = harness.client(0).ask();
            ChannelConfig config = client.backend().channel().config();
            assumeThat(config).isInstanceOf(EpollSocketChannelConfig.class);
            assertThat(config.getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
            assertThat(config.getOption(EpollChannelOption.TCP_KEEPIDLE)).isEqualTo(30);
            assertThat(config.getOption(EpollChannelOption.TCP_KEEPINTVL)).isEqualTo(5);
            assertThat(config.getOption(EpollChannelOption.TCP_KEEPCNT)).isEqualTo(3);
            assertThat(config.getOption(EpollChannelOption.TCP_USER_TIMEOUT)).isEqualTo(10_000);
            client.release();
        }
    }

    @Test
    void anIdleBackendIsAskedWhetherItAnswersAndKeepsItsAge() throws Exception {
        try (FakePostgres server = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(
                        server, 1, "idle_check_interval", "100ms", "backend_idle_timeout", "700ms")) {
            TestClient client = harness.client(0).ask();
            BackendConnection backend = client.backend();
            client.release();
            long released = System.nanoTime();
            long first = backend.heard().at();
            await().until(() ->
                    backend.heard().at() - first > Duration.ofMillis(250).toNanos());
            assertThat(backend.isClosed()).isFalse();
            harness.awaitIdle(0);
            assertThat(Duration.ofNanos(System.nanoTime() - released)).isLessThan(Duration.ofMillis(2_000));
        }
    }

    /** A frozen server, or a network that has forgotten the connection, looks like this. */
    @Test
    void anIdleBackendThatDoesNotAnswerIsReplacedBeforeAnybodyGetsIt() throws Exception {
        AtomicInteger number = new AtomicInteger();
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    connection.welcome();
                    if (number.incrementAndGet() == 1) {
                        connection.awaitClosed();
                    } else {
                        connection.echoUntilClosed();
                    }
                });
                PoolHarness harness =
                        PoolHarness.before(server, 1, "idle_check_interval", "100ms", "connect_timeout", "300ms")) {
            TestClient client = harness.client(0).ask();
            BackendConnection silent = client.backend();
            client.release();
            await().until(silent::isClosed);
            TestClient next = harness.client(0).ask();
            assertThat(next.backend()).isNotSameAs(silent);
            next.release();
        }
    }

    /** Each loop looks at what is idle on the other, and neither may have it. */
    @Test
    void whoWaitsWhileIdleBackendsAreAskedKeepsNoLoopBusy() throws Exception {
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    connection.welcome();
                    connection.awaitClosed();
                });
                PoolHarness harness = PoolHarness.before(
                        server, 2, "connection_limit", "2", "idle_check_interval", "100ms", "connect_timeout", "2s")) {
            List<TestClient> clients =
                    List.of(harness.client(0).ask(), harness.client(1).ask());
            List<BackendConnection> silent =
                    clients.stream().map(TestClient::backend).toList();
            clients.forEach(TestClient::release);
            await().until(() -> silent.stream().noneMatch(BackendConnection::isSettled));
            TestClient waiter = harness.client(0).ask();
            long before = harness.cpuNanos();
            await().until(() -> silent.stream().anyMatch(BackendConnection::isClosed));
            assertThat(harness.cpuNanos() - before).as("CPU time").isLessThan(500_000_000);
            waiter.release();
        }
    }
}
