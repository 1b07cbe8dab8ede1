package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a pool grows, and what waiters hear when it cannot. */
@Timeout(60)
class PoolConnectTest {
    private volatile @Nullable String refusal;
    private final AtomicInteger loggingIn = new AtomicInteger();
    private final AtomicInteger mostLoggingIn = new AtomicInteger();

    /** A server whose logins take 50 ms, and fail with {@link #refusal} while that is set. */
    private FakePostgres server() throws IOException {
        return FakePostgres.start(connection -> {
            connection.startup();
            int now = loggingIn.incrementAndGet();
            mostLoggingIn.accumulateAndGet(now, Math::max);
            try {
                pause(50);
            } finally {
                loggingIn.decrementAndGet();
            }
            String sqlState = refusal;
            if (sqlState != null) {
                connection.send(Backend.errorResponse("FATAL", sqlState, "not now"));
                return;
            }
            connection.welcome();
            connection.echoUntilClosed();
        });
    }

    private static void pause(long millis) throws FakeConnection.Ended {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            throw new FakeConnection.Ended();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void severalBackendsAreOpenedAtATimeButNotAll(int loops) throws Exception {
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, loops, "connection_limit", "20")) {
            long begin = System.nanoTime();
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                clients.add(harness.client(i).ask());
            }
            clients.subList(0, 20).forEach(TestClient::backend);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertThat(mostLoggingIn).hasValue(Growth.MOST_CONNECTING);
            assertThat(millis)
                    .as("20 logins of 50 ms, a second if one at a time")
                    .isBetween(250L, 999L);
            assertThat(server.accepted()).isEqualTo(20);
            assertThat(harness.pool().waiting()).isEqualTo(10);
            clients.subList(0, 10).forEach(TestClient::release);
            clients.subList(20, 30).forEach(TestClient::backend);
            clients.subList(10, 30).forEach(TestClient::release);
            harness.awaitIdle(20);
        }
    }

    @Test
    void aLoginThatBeganBeforeReconnectIsReplaced() throws Exception {
        CountDownLatch renewed = new CountDownLatch(1);
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    try {
                        renewed.await();
                    } catch (InterruptedException e) {
                        throw new FakeConnection.Ended();
                    }
                    connection.welcome();
                    connection.echoUntilClosed();
                });
                PoolHarness harness = PoolHarness.before(server, 1)) {
            TestClient client = harness.client(0).ask();
            await().until(() -> server.accepted() == 1);
            harness.pool().steering().renew();
            renewed.countDown();
            client.backend();
            assertThat(server.accepted()).isEqualTo(2);
            client.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void serversAndWhatToLogInWithBelongTogetherWhileAnotherConfigurationComesIntoForce() throws Exception {
        CountDownLatch mayRefuse = new CountDownLatch(1);
        try (FakePostgres former = FakePostgres.start(connection -> {
                    connection.startup();
                    awaited(mayRefuse);
                    connection.send(Backend.errorResponse("FATAL", "28P01", "password authentication failed"));
                });
                FakePostgres next = server();
                PoolHarness harness = PoolHarness.before(former, 1)) {
            TestClient client = harness.client(0).ask();
            await().until(() -> former.accepted() == 1);
            harness.servers(next);
            mayRefuse.countDown();
            await().until(() -> harness.pool().connecting() == 0);
            pause(50); // upkeep has come by, and retries
            assertThat(harness.pool().waiting())
                    .as("the refusal was not for it")
                    .isOne();
            assertThat(next.accepted())
                    .as("it would have got what was meant for the other")
                    .isZero();
            harness.target(next);
            client.backend();
            client.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void aRefusalOfAPasswordThatIsAnotherByNowIsNoAnswer() throws Exception {
        CountDownLatch mayRefuse = new CountDownLatch(1);
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    if (connection.number() > 1) {
                        connection.welcome();
                        connection.echoUntilClosed();
                        return;
                    }
                    awaited(mayRefuse);
                    connection.send(Backend.errorResponse("FATAL", "28P01", "password authentication failed"));
                });
                PoolHarness harness = PoolHarness.before(server, 1, "connection_limit", "1")) {
            BackendCredentials credentials = BackendCredentials.broughtByClients();
            harness.target(server, credentials);
            TestClient client = harness.client(0).ask();
            await().until(() -> server.accepted() == 1);
            credentials.proved(new StoredPassword.Md5(new Secret("md5" + "0".repeat(32))), null);
            mayRefuse.countDown();
            client.backend();
            assertThat(server.accepted()).isEqualTo(2);
            assertThat(harness.pool().failure()).isNull();
            client.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void aProbeThatIsRefusedWithAFormerPasswordIsNoAnswerEither() throws Exception {
        CountDownLatch mayRefuse = new CountDownLatch(1);
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    if (connection.number() == 1) {
                        connection.send(Backend.errorResponse("FATAL", "57P03", "the database system is starting up"));
                    } else if (connection.number() == 2) {
                        awaited(mayRefuse);
                        connection.send(Backend.errorResponse("FATAL", "28P01", "password authentication failed"));
                    } else {
                        connection.welcome();
                        connection.echoUntilClosed();
                    }
                });
                PoolHarness harness = PoolHarness.before(server, 1, "breaker_failures", "1")) {
            BackendCredentials credentials = BackendCredentials.broughtByClients();
            harness.target(server, credentials);
            TestClient client = harness.client(0).ask(); // waits: the server is only starting up
            await("a probe is under way").until(() -> server.accepted() == 2);
            credentials.proved(new StoredPassword.Md5(new Secret("md5" + "0".repeat(32))), null);
            mayRefuse.countDown();
            client.backend();
            assertThat(harness.pool().failure()).isNull();
            client.release();
            harness.awaitIdle(1);
        }
    }

    private static void awaited(CountDownLatch latch) throws FakeConnection.Ended {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new FakeConnection.Ended();
        }
    }

    @Test
    void nothingIsOpenedWithoutNeed() throws Exception {
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 1)) {
            for (int i = 0; i < 10; i++) {
                TestClient client = harness.client(0).ask();
                client.backend();
                client.release();
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void whenNothingListensEverybodyHearsItAtOnce() throws Exception {
        int port;
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = unused.getLocalPort();
        }
        try (PoolHarness harness = PoolHarness.at("127.0.0.1", port, 2)) {
            List<TestClient> clients = new ArrayList<>();
            long begin = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                clients.add(harness.client(i).ask());
            }
            for (TestClient client : clients) {
                CheckoutFailure failure = client.failure();
                assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
                assertThat(cause(failure).kind()).isEqualTo(BackendFailure.Kind.UNREACHABLE);
                assertThat(cause(failure).message())
                        .contains("127.0.0.1:" + port)
                        .contains("refused");
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
        }
    }

    @ParameterizedTest
    @CsvSource({"28P01", "3D000", "28000"})
    void aRefusedLoginIsToldAtOnceAndIsNotRepeatedWithoutEnd(String sqlState) throws Exception {
        refusal = sqlState;
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2)) {
            TestClient client = harness.client(0).ask();
            assertThat(client.failure().reason()).isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
            assertThat(cause(client.failure()).kind()).isEqualTo(BackendFailure.Kind.REFUSED);
            assertThat(cause(client.failure()).sqlState()).isEqualTo(sqlState);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
            int asked = 0;
            while (System.nanoTime() < end) {
                assertThat(harness.client(asked++).ask().failure().reason())
                        .isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
            }
            assertThat(asked).isGreaterThan(20);
            assertThat(server.accepted())
                    .as("logins for %d clients in 2 s", asked)
                    .isBetween(2, 12);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"57P03", "53300"})
    void aServerThatCannotTakeMoreNowKeepsWaitersUntilItCan(String sqlState) throws Exception {
        refusal = sqlState;
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2, "pool_timeout", "20s")) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                clients.add(harness.client(i).ask());
            }
            await().until(() -> server.accepted() >= 10);
            assertThat(clients).noneMatch(TestClient::isAnswered);
            refusal = null;
            long back = System.nanoTime();
            clients.forEach(TestClient::backend);
            assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofMillis(1_500));
            assertThat(harness.pool().failure()).isNull();
            clients.forEach(TestClient::release);
        }
    }

    @Test
    void withoutRetriesTheFirstFailedConnectIsTheAnswer() throws Exception {
        refusal = "57P03";
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2, "retry", "off")) {
            assertThat(harness.client(0).ask().failure().reason()).isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aWaiterThatTheServerKeptOutUntilTheEndHearsWhy() throws Exception {
        refusal = "53300";
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 1, "pool_timeout", "400ms")) {
            CheckoutFailure failure = harness.client(0).ask().failure();
            assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.TIMEOUT);
            assertThat(Duration.ofNanos(failure.waitedNanos()))
                    .isBetween(Duration.ofMillis(400), Duration.ofMillis(800));
            assertThat(cause(failure).sqlState()).isEqualTo("53300");
        }
    }

    @Test
    void backendsThatLiveServeWaitersWhileNoneCanBeAdded() throws Exception {
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2)) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            refusal = "28P01";
            List<TestClient> waiters = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                waiters.add(harness.client(i).ask());
            }
            await().until(() -> harness.pool().failure() != null);
            assertThat(waiters).noneMatch(TestClient::isAnswered);
            holder.release();
            for (TestClient waiter : waiters) {
                assertThat(waiter.backend()).isSameAs(holder.backend());
                waiter.release();
            }
            harness.awaitIdle(1);
        }
    }

    @Test
    void waitersOfAPoolWhoseOnlyBackendDiesGetANewOne() throws Exception {
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2, "connection_limit", "1")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            TestClient waiter = harness.client(1).ask();
            holder.discard();
            waiter.backend();
            assertThat(server.accepted()).isEqualTo(2);
            waiter.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void whoWaitsWhenTheLastBackendDiesDuringAnOutageIsServedAfterIt() throws Exception {
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2, "pool_timeout", "20s")) {
            TestClient holder = harness.client(0).ask();
            holder.backend();
            refusal = "57P03";
            TestClient waiter = harness.client(1).ask();
            await().until(() -> harness.pool().failure() != null);
            holder.discard();
            await().until(() -> harness.pool().open() == harness.pool().connecting());
            refusal = null;
            long back = System.nanoTime();
            waiter.backend();
            assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofMillis(1_500));
            waiter.release();
        }
    }

    @Test
    void serviceIsBackWithinAboutASecondAfterAnOutage() throws Exception {
        refusal = "28P01";
        try (FakePostgres server = server();
                PoolHarness harness = PoolHarness.before(server, 2)) {
            long outage = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
            while (System.nanoTime() < outage) {
                harness.client(0).ask().failure();
                pause(20);
            }
            refusal = null;
            long back = System.nanoTime();
            while (true) {
                TestClient client = harness.client(1).ask();
                if (client.outcome().isGranted()) {
                    client.release();
                    break;
                }
                pause(20);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofMillis(1_300));
            harness.awaitIdle(1);
        }
    }

    @Test
    void aSilentServerCostsConnectTimeoutAndThePermitComesBack() throws Exception {
        try (FakePostgres server = FakePostgres.silent();
                PoolHarness harness = PoolHarness.before(server, 2, "connect_timeout", "300ms")) {
            long begin = System.nanoTime();
            CheckoutFailure failure = harness.client(0).ask().failure();
            assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
            assertThat(cause(failure).message()).contains("connect_timeout").contains("300 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .as("connect_timeout, not pool_timeout, which is 30 s")
                    .isBetween(Duration.ofMillis(300), Duration.ofSeconds(5));
            await().until(() -> harness.pool().open() == 0);
        }
    }

    @Test
    void aServerThatIsNotPostgresIsAFailureLikeAnyOther() throws Exception {
        try (FakePostgres server = FakePostgres.start(connection -> {
                    connection.startup();
                    connection.send(
                            "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    connection.awaitClosed();
                });
                PoolHarness harness = PoolHarness.before(server, 1)) {
            CheckoutFailure failure = harness.client(0).ask().failure();
            assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.UNAVAILABLE);
            assertThat(cause(failure).kind()).isEqualTo(BackendFailure.Kind.UNREACHABLE);
            await().until(() -> harness.pool().open() == 0);
        }
    }

    private static BackendFailure cause(CheckoutFailure failure) {
        BackendFailure cause = failure.cause();
        assertThat(cause).isNotNull();
        return java.util.Objects.requireNonNull(cause);
    }
}
