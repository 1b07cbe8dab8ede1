package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
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
    /** How long a fault lasts that can last. */
    private static final Duration DOWN = Duration.ofSeconds(Long.getLong("pgweir.outage.seconds", 2));

    private static final Duration LONG = Duration.ofSeconds(10);
    /** Wait in the queue, statement, cancel, and what a busy machine may add. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(10);

    private static final String TERMINATE_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

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
        open(limit, postgres.host(), postgres.port());
    }

    private void open(String limit, String host, int port) throws Exception {
        proxy = RunningProxy.at(
                "postgresql://" + host + ":" + port + "/*",
                "connection_limit",
                limit,
                "connect_timeout",
                "1s",
                "statement_timeout",
                "2s",
                "pool_timeout",
                "5s",
                "breaker_ramp",
                DOWN.compareTo(LONG) < 0 ? "500ms" : "2s");
        work = new Workload(CLIENTS, proxy.host(), proxy.port());
        long begin = System.nanoTime();
        await().until(() -> work.servedSince(begin) == CLIENTS
                && pool().established() == Math.min(CLIENTS, Integer.parseInt(limit)));
    }

    /** Opens it anew, with a network in between that can be spoilt. */
    private FaultProxy openBehindNetwork() throws Exception {
        close();
        FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
        open("5", network.host(), network.port());
        return network;
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
        OutageFigures figures = begin();
        try (WireClient direct = postgres.connect()) {
            String victim = direct.value("SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT%' LIMIT 1");
            postgres.kill(Integer.parseInt(String.valueOf(victim)));
        }
        awaitBack();
        comesBack("`kill -9` of a backend", figures);
    }

    @Test
    void backendsThatAreAllTerminatedOpenNothing() throws Exception {
        OutageFigures figures = begin();
        try (WireClient direct = postgres.connect()) {
            direct.value(TERMINATE_ALL);
            figures.back();
            await().until(figures::isEverybodyServed);
            for (int round = 1; round < 3; round++) {
                direct.value(TERMINATE_ALL);
                awaitEverybody();
            }
            await().until(figures::isFullRate);
            assertThat(work.codes().keySet()).isSubsetOf("08006");
            assertThat(work.mostOfOneClient("08006")).isLessThanOrEqualTo(3);
            assertThat(breaker().entered(BreakerState.OPEN)).isZero();
            System.out.println(figures.row("all backends terminated, three times"));
            assertThat(work.stopAndCheck(direct)).isPositive();
        }
    }

    @Test
    void aStoppedServerIsToldOfAtOnceAndIsNotHammered() throws Exception {
        OutageFigures figures = begin();
        postgres.crash();
        await().until(() -> breaker().isDown());
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
            lasts();
            postgres.restart();
            comesBack("stopped for " + DOWN.toSeconds() + " s", figures);
            assertThat(figures.attemptsPerSecond()).as("connects per second").isBetween(1.0, 10.0);
            assertThat(newcomer.query("SELECT 1")).contains("D[1]");
            awaitClosed();
        }
    }

    @Test
    void aPortThatRefusesIsToldOfAtOnce() throws Exception {
        try (FaultProxy network = openBehindNetwork()) {
            OutageFigures figures = begin();
            network.closePort();
            network.resetAll();
            lasts();
            network.openPort();
            comesBack("port refused for " + DOWN.toSeconds() + " s", figures);
            assertThat(figures.attemptsPerSecond()).as("connects per second").isLessThan(10.0);
        }
    }

    @Test
    void aPortThatDropsPacketsIsToldOfAndNoticedSoonWhenItAnswers() throws Exception {
        OutageFigures figures = begin();
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
            lasts();
        } finally {
            for (Socket socket : queued) {
                socket.close();
            }
        }
        postgres.restart();
        comesBack("port that drops packets for " + DOWN.toSeconds() + " s", figures);
    }

    @Test
    void connectionsThatCarryNothingMoreCostEachClientAtMostWhatItHadInFlight() throws Exception {
        try (FaultProxy network = openBehindNetwork()) {
            OutageFigures figures = begin();
            network.toServer().stall();
            network.toClient().stall();
            lasts();
            network.toServer().resume();
            network.toClient().resume();
            comesBack("packets of connections dropped for " + DOWN.toSeconds() + " s, then delivered", figures);
        }
    }

    @Test
    void anImmediateRestartKeepsEverySocket() throws Exception {
        OutageFigures figures = begin();
        postgres.crash();
        postgres.restart();
        comesBack("immediate restart", figures);
    }

    @Test
    void aFrozenServerIsNoticedAndComesBack() throws Exception {
        close();
        open("14"); // with a permit left, so that somebody tries to connect
        OutageFigures figures = begin();
        postgres.freeze();
        List<WireClient> newcomers = new ArrayList<>();
        for (int i = 0; i < 4; i++) { // one or two of them may get an idle backend, which is frozen as well
            newcomers.add(login().send(Frontend.query("SELECT 1")));
        }
        WireClient told = newcomers.get(3);
        ServerMessage error = told.readUntilReady().get(0);
        assertThat(error.fields()).containsEntry('C', "57P03");
        assertThat(error.fields().get('M')).contains("connect_timeout");
        lasts();
        postgres.thaw();
        comesBack("frozen (SIGSTOP) for " + DOWN.toSeconds() + " s, with a permit left", figures);
        for (WireClient newcomer : newcomers) {
            newcomer.close();
        }
    }

    @Test
    void aServerThatIsFrozenUnderAFullPoolHoldsNobodyBeyondTheLimits() throws Exception {
        OutageFigures figures = begin();
        postgres.freeze();
        lasts();
        postgres.thaw();
        comesBack("frozen (SIGSTOP) for " + DOWN.toSeconds() + " s, all backends busy", figures);
    }

    @Test
    void aFullServerKeepsClientsWaitingAndWorksOnWithWhatThereIs() throws Exception {
        List<WireClient> others = new ArrayList<>();
        OutageFigures figures = begin();
        try (WireClient direct = postgres.connect()) {
            direct.value(TERMINATE_ALL);
            try {
                while (others.size() < MAX_CONNECTIONS) {
                    others.add(postgres.connect());
                }
            } catch (IOException full) {
                assertThat(full).hasMessageContaining("53300");
            }
            await().until(() -> breaker().isDown() || pool().established() > 0);
            lasts();
            for (WireClient other : others) {
                other.send(Frontend.terminate());
                other.readUntilClosed();
                other.close();
            }
            comesBack("full `max_connections` for " + DOWN.toSeconds() + " s", figures);
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

    private OutageFigures begin() throws InterruptedException {
        return OutageFigures.begin(work, pool());
    }

    /** As long as a fault is to last. */
    private static void lasts() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(DOWN.toNanos());
    }

    /** Until a client that goes past pgweir is served. */
    private void awaitBack() {
        await().pollInterval(Duration.ofMillis(2)).ignoreExceptions().until(() -> {
            try (WireClient direct = postgres.connect()) {
                return direct.query("SELECT 1").contains("D[1]");
            }
        });
    }

    private void awaitEverybody() {
        long from = System.nanoTime();
        await().until(() -> work.servedSince(from) == CLIENTS);
    }

    private void awaitClosed() {
        await().until(() -> breaker().state() == BreakerState.CLOSED);
    }

    private void comesBack(String event, OutageFigures figures) throws Exception {
        figures.back();
        await().until(figures::isEverybodyServed);
        await().until(figures::isFullRate);
        System.out.println(figures.row(event));
        assertThat(Duration.ofMillis(figures.firstSuccessMillis())).isLessThan(SOON);
        assertThat(figures.mostInFlight()).as("errors of work in flight").isLessThanOrEqualTo(1);
        assertThat(Duration.ofMillis(figures.slowestMillis())).isLessThan(LONGEST_ANSWER);
        assertThat(work.codes().keySet()).isSubsetOf("08006", "57014", "57P03", "53300");
        try (WireClient direct = postgres.connect()) {
            assertThat(work.stopAndCheck(direct)).isPositive();
        }
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }
}
