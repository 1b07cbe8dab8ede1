package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A real PostgreSQL that crashes, stops, freezes and is full, under clients that go on working. No client loses its socket, no
 * row that was acknowledged is lost, none is there twice. Each test prints its figures.
 */
@Timeout(120)
class OutageTest {
    private static final int CLIENTS = 12;
    private static final int MAX_CONNECTIONS = 20;
    /** What a busy machine may add to the half second that a probe takes at most. */
    private static final Duration SOON = Duration.ofMillis(1_500);
    /** How long a server is stopped, once clients have been told. */
    private static final Duration DOWN = Duration.ofSeconds(Long.getLong("pgweir.outage.seconds", 2));

    private static OwnPostgres postgres;
    private RunningProxy proxy;
    private Workload work;

    @BeforeAll
    static void start() throws Exception {
        postgres = OwnPostgres.start(MAX_CONNECTIONS);
    }

    @AfterAll
    static void stop() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void open() throws Exception {
        open("5");
    }

    private void open(String limit) throws Exception {
        proxy = RunningProxy.at(
                "postgresql://" + postgres.host() + ":" + postgres.port() + "/*",
                "connection_limit",
                limit,
                "connect_timeout",
                "1s",
                "statement_timeout",
                "20s");
        work = new Workload(CLIENTS, proxy.host(), proxy.port());
        long begin = System.nanoTime();
        await().until(() -> work.servedSince(begin) == CLIENTS);
    }

    @AfterEach
    void close() throws Exception {
        postgres.thaw();
        if (!postgres.isRunning()) {
            postgres.restart();
        }
        work.close();
        proxy.close();
    }

    @Test
    void aKilledBackendCostsEachClientAtMostWhatItHadInFlight() throws Exception {
        long begin = System.nanoTime();
        try (WireClient direct = postgres.connect()) {
            String victim = direct.value("SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT%' LIMIT 1");
            postgres.kill(Integer.parseInt(String.valueOf(victim)));
        }
        long back = awaitBack();
        long served = awaitServed(back);
        awaitEverybody();
        finish("kill -9 of a backend", begin, back, served);
    }

    @Test
    void backendsThatAreAllTerminatedOpenNothing() throws Exception {
        try (WireClient direct = postgres.connect()) {
            for (int round = 0; round < 3; round++) {
                direct.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
                awaitEverybody();
            }
            assertThat(work.codes().keySet()).isSubsetOf("08006");
            assertThat(work.mostOfOneClient("08006")).isLessThanOrEqualTo(3);
            assertThat(breaker().entered(BreakerState.OPEN)).isZero();
            System.out.println("all terminated, three times: " + work.codes());
            assertThat(work.stopAndCheck(direct)).isPositive();
        }
    }

    @Test
    void aStoppedServerIsToldOfAtOnceAndIsNotHammered() throws Exception {
        long begin = System.nanoTime();
        postgres.crash();
        await().until(() -> breaker().isDown());
        long opened = System.nanoTime();
        long attemptsBefore = attempts();
        try (WireClient newcomer = login()) {
            long asked = System.nanoTime();
            newcomer.send(Frontend.query("SELECT 1"));
            List<ServerMessage> answer = newcomer.readUntilReady();
            assertThat(millisSince(asked)).isLessThan(500);
            assertThat(answer.get(0).fields()).containsEntry('S', "ERROR").containsEntry('C', "57P03");
            assertThat(answer.get(0).fields().get('M'))
                    .contains("could not connect to 127.0.0.1:" + postgres.port() + ": connection refused")
                    .contains("breaker open");
            assertThat(answer.get(0).fields().get('H')).contains("pgweir asks it again");
            assertThat(ServerMessage.transcript(answer)).endsWith("Z[I]");
            await().atMost(DOWN.plusSeconds(10)).pollDelay(DOWN).until(() -> true);
            double perSecond = (attempts() - attemptsBefore) * 1e9 / (System.nanoTime() - opened);
            assertThat(perSecond).as("connects per second").isBetween(1.0, 10.0);
            System.out.printf("down: %.1f connects per second%n", perSecond);
            postgres.restart();
            long back = awaitBack();
            long served = awaitServed(back);
            awaitEverybody();
            assertThat(newcomer.query("SELECT 1")).contains("D[1]");
            awaitClosed();
            System.out.printf("the whole limit is open %d ms after the server was back%n", millisSince(back));
            finish("stopped for " + DOWN.toSeconds() + " s", begin, back, served);
        }
    }

    @Test
    void aPortThatDropsPacketsIsToldOfAndNoticedSoonWhenItAnswers() throws Exception {
        long begin = System.nanoTime();
        postgres.crash();
        InetSocketAddress address = new InetSocketAddress(postgres.host(), postgres.port());
        List<Socket> queued = new ArrayList<>();
        // Nobody accepts, and the queue is full: the kernel drops what comes.
        try (ServerSocket hole = new ServerSocket()) {
            hole.bind(address, 1);
            try {
                while (queued.size() < 10) {
                    Socket socket = new Socket();
                    queued.add(socket);
                    socket.connect(address, 200);
                }
            } catch (SocketTimeoutException full) {
                assertThat(queued).hasSizeLessThan(10);
            }
            await().until(() -> String.valueOf(breaker().outage()).contains("no answer"));
            try (WireClient newcomer = login()) {
                long asked = System.nanoTime();
                assertThat(newcomer.query("SELECT 1"))
                        .startsWith("E[57P03")
                        .contains("no answer")
                        .endsWith("Z[I]");
                assertThat(millisSince(asked)).isLessThan(500);
            }
        } finally {
            for (Socket socket : queued) {
                socket.close();
            }
        }
        comesBack("packets dropped", begin);
    }

    @Test
    void anImmediateRestartKeepsEverySocket() throws Exception {
        long begin = System.nanoTime();
        postgres.crash();
        comesBack("immediate restart", begin);
    }

    @Test
    void aFrozenServerIsNoticedAndComesBack() throws Exception {
        close();
        open("14"); // with a permit left, so that somebody tries to connect
        long begin = System.nanoTime();
        postgres.freeze();
        List<WireClient> newcomers = new ArrayList<>();
        for (int i = 0; i < 4; i++) { // one or two of them may get an idle backend, which is frozen as well
            newcomers.add(login().send(Frontend.query("SELECT 1")));
        }
        WireClient told = newcomers.get(3);
        ServerMessage error = told.readUntilReady().get(0);
        assertThat(error.fields()).containsEntry('C', "57P03");
        assertThat(error.fields().get('M')).contains("connect_timeout");
        long back = System.nanoTime();
        postgres.thaw();
        long served = awaitServed(back);
        awaitEverybody();
        for (WireClient newcomer : newcomers) {
            newcomer.close();
        }
        finish("frozen", begin, back, served);
    }

    @Test
    void aFullServerKeepsClientsWaitingAndWorksOnWithWhatThereIs() throws Exception {
        List<WireClient> others = new ArrayList<>();
        try (WireClient direct = postgres.connect()) {
            direct.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
            try {
                while (others.size() < MAX_CONNECTIONS) {
                    others.add(postgres.connect());
                }
            } catch (IOException full) {
                assertThat(full).hasMessageContaining("53300");
            }
            await().until(() -> breaker().isDown() || pool().established() > 0);
            long begin = System.nanoTime();
            for (WireClient other : others) {
                other.send(Frontend.terminate());
                other.readUntilClosed();
                other.close();
            }
            awaitServed(begin);
            awaitEverybody();
            assertThat(work.codes().keySet()).isSubsetOf("08006");
            System.out.println("full: " + work.codes());
            assertThat(work.stopAndCheck(direct)).isPositive();
        }
    }

    private Pool pool() {
        return proxy.pool("postgres", "postgres");
    }

    private Breaker breaker() {
        return proxy.proxy().pools().breakers().all().iterator().next();
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
    }

    /** Connects that have ended, one way or another. */
    private long attempts() {
        Histogram.Snapshot sum = new Histogram.Snapshot();
        pool().allMetrics().forEach(metrics -> {
            metrics.connects.addTo(sum);
            metrics.connectsFailed.addTo(sum);
        });
        return sum.count();
    }

    /** The moment at which a client that goes past pgweir is served. */
    private long awaitBack() {
        await().pollInterval(Duration.ofMillis(2)).ignoreExceptions().until(() -> {
            try (WireClient direct = postgres.connect()) {
                return direct.query("SELECT 1").contains("D[1]");
            }
        });
        return System.nanoTime();
    }

    private long awaitServed(long back) {
        await().pollInterval(Duration.ofMillis(2)).until(() -> work.servedSince(back) > 0);
        return System.nanoTime();
    }

    private void awaitEverybody() {
        long from = System.nanoTime();
        await().until(() -> work.servedSince(from) == CLIENTS);
    }

    private void awaitClosed() {
        await().until(() -> breaker().state() == BreakerState.CLOSED);
    }

    private void comesBack(String what, long begin) throws Exception {
        postgres.restart();
        long back = awaitBack();
        long served = awaitServed(back);
        awaitEverybody();
        finish(what, begin, back, served);
    }

    private void finish(String what, long begin, long back, long served) throws Exception {
        long recovery = TimeUnit.NANOSECONDS.toMillis(served - back);
        System.out.printf(
                "%s: %d ms until it was back, %d ms more until the first success; errors %s, slowest told after %d ms%n",
                what,
                TimeUnit.NANOSECONDS.toMillis(back - begin),
                recovery,
                work.codes(),
                work.failures().stream()
                        .mapToLong(f -> TimeUnit.NANOSECONDS.toMillis(f.tookNanos()))
                        .max()
                        .orElse(0));
        assertThat(Duration.ofMillis(recovery)).isLessThan(SOON);
        assertThat(work.mostOfOneClient("08006")).as("errors of work in flight").isLessThanOrEqualTo(1);
        assertThat(work.codes().keySet()).isSubsetOf("08006", "57P03");
        try (WireClient direct = postgres.connect()) {
            assertThat(work.stopAndCheck(direct)).isPositive();
        }
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }
}
