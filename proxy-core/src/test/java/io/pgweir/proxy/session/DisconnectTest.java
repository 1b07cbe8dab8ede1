package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that goes, at every moment, leaves nothing running, nothing half done and no backend behind. */
class DisconnectTest {
    /** How a client goes. */
    enum Exit {
        FIN {
            @Override
            void leave(WireClient client) throws IOException {
                client.close();
            }
        },
        RST {
            @Override
            void leave(WireClient client) throws IOException {
                client.reset();
            }
        },
        TERMINATE {
            @Override
            void leave(WireClient client) throws IOException {
                client.send(Frontend.terminate());
                client.close();
            }
        };

        abstract void leave(WireClient client) throws IOException;
    }

    private static final Duration SOON = Duration.ofSeconds(1);

    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private RunningProxy proxy;
    private WireClient bystander;
    private String pid;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        proxy = RunningProxy.before(postgres, "connection_limit", "1");
        bystander = login();
        bystander.query("CREATE TABLE done (a int)");
        pid = bystander.value("SELECT pg_backend_pid()");
    }

    @AfterEach
    void close() throws Exception {
        bystander.close();
        proxy.awaitQuiet();
        proxy.close();
        postgres.dropDatabase(database);
    }

    @ParameterizedTest
    @EnumSource
    void whoLeavesTheQueueNeverRunsItsStatement(Exit exit) throws Exception {
        bystander.query("BEGIN");
        bystander.query("SELECT 1");
        WireClient queued = login();
        queued.send(Frontend.query("INSERT INTO done VALUES (1)"));
        await().until(() -> pool().waiting() == 1);
        exit.leave(queued);
        await().atMost(SOON).until(() -> pool().waiting() == 0);
        bystander.query("COMMIT");
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @ParameterizedTest
    @EnumSource
    void whoLeavesTheQueueBehindMuchThatItSentNeverRunsIt(Exit exit) throws Exception {
        bystander.query("BEGIN");
        bystander.query("SELECT 1");
        WireClient queued = login();
        byte[][] inserts = new byte[7_500][];
        Arrays.fill(inserts, Frontend.query("INSERT INTO done VALUES (1)"));
        Thread writer = new Thread(() -> {
            try {
                queued.send(inserts);
            } catch (IOException e) {
                // It has left meanwhile.
            }
        });
        writer.start();
        await().until(() -> pool().waiting() == 1);
        exit.leave(queued);
        writer.join();
        await().atMost(SOON).until(() -> pool().waiting() == 0);
        bystander.query("COMMIT");
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @ParameterizedTest
    @EnumSource
    void aRunningQueryIsCancelledAndItsBackendUsedAgain(Exit exit) throws Exception {
        WireClient client = login();
        client.send(Frontend.query("INSERT INTO done SELECT 1 FROM pg_sleep(60)"));
        awaitActive("pg_sleep");
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
        assertSameBackend();
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionIsRolledBackAndItsBackendUsedAgain(Exit exit) throws Exception {
        WireClient client = login();
        client.query("BEGIN");
        client.query("INSERT INTO done VALUES (1)");
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
        assertSameBackend();
    }

    @ParameterizedTest
    @EnumSource
    void aFailedTransactionIsRolledBackAndItsBackendUsedAgain(Exit exit) throws Exception {
        WireClient client = login();
        client.query("BEGIN");
        client.query("SELECT 1/0");
        exit.leave(client);
        assertIdleSoon();
        assertSameBackend();
    }

    @ParameterizedTest
    @EnumSource
    void aDeferredBeginLeavesNothing(Exit exit) throws Exception {
        WireClient client = login();
        client.query("BEGIN");
        exit.leave(client);
        assertSameBackend();
    }

    @ParameterizedTest
    @EnumSource
    void settingsOfWhoLeftAreNobodyElses(Exit exit) throws Exception {
        WireClient client = login();
        client.query("BEGIN");
        client.query("SELECT 1");
        client.query("SET work_mem = '77MB'");
        client.query("COMMIT");
        client.query("BEGIN");
        client.query("SET DateStyle = German");
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.query("SHOW DateStyle")).isEqualTo("T[DateStyle] D[ISO, MDY] C[SHOW] Z[I]");
        assertThat(bystander.value("SHOW work_mem")).isNotEqualTo("77MB");
    }

    @ParameterizedTest
    @EnumSource
    void halfAMessageHurtsNobody(Exit exit) throws Exception {
        byte[] query = Frontend.query("INSERT INTO done VALUES (" + "1".repeat(60_000) + ")");
        byte[] parse = Frontend.parse("", "INSERT INTO done SELECT length('" + "1".repeat(200_000) + "')");
        byte[] bind = Frontend.join(
                Frontend.parse("", "INSERT INTO done SELECT length($1)"), Frontend.bind("", "", "1".repeat(200_000)));
        for (byte[] message : new byte[][] {query, parse, bind}) {
            for (int part : new int[] {1, 4, 5, 20, message.length / 2, message.length - 1}) {
                WireClient client = login();
                client.send(Arrays.copyOf(message, part));
                exit.leave(client);
            }
        }
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @Test
    void theBackendOfAHalfSentMessageIsReplacedAtOnce() throws Exception {
        WireClient client = login();
        byte[] query = Frontend.query("SELECT '" + "1".repeat(500_000) + "'");
        client.send(Arrays.copyOf(query, 400_000));
        await().until(() -> pool().idle() == 0);
        client.reset();
        long begin = System.nanoTime();
        assertThat(bystander.value("SELECT 1")).isEqualTo("1");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
    }

    @ParameterizedTest
    @EnumSource
    void aCopyThatIsNotEndedLoadsNothing(Exit exit) throws Exception {
        WireClient client = login();
        client.send(Frontend.query("COPY done FROM STDIN"));
        client.readUntil('G');
        client.send(Frontend.copyData("1\n2\n3\n"));
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @ParameterizedTest
    @EnumSource
    void aCopyByTheExtendedProtocolThatIsNotEndedLoadsNothing(Exit exit) throws Exception {
        WireClient client = login();
        client.send(Frontend.unnamed("COPY done FROM STDIN"), Frontend.sync());
        client.readUntil('G');
        client.send(Frontend.copyData("1\n2\n3\n"));
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @ParameterizedTest
    @EnumSource
    void aPipelineWithoutSyncIsRolledBack(Exit exit) throws Exception {
        WireClient client = login();
        client.send(Frontend.unnamed("INSERT INTO done VALUES (1)"), Frontend.flush());
        client.readUntil('C');
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @ParameterizedTest
    @EnumSource
    void aLargeResultThatNobodyReadsIsGivenUp(Exit exit) throws Exception {
        WireClient client = login();
        client.send(Frontend.query("SELECT repeat('x', 10000) FROM generate_series(1, 1000000)"));
        client.readUntil('D');
        exit.leave(client);
        assertIdleSoon();
        assertThat(bystander.value("SELECT 1")).isEqualTo("1");
        assertSameBackend();
    }

    @ParameterizedTest
    @EnumSource
    void aCommitThatWasSentIsNotTakenBack(Exit exit) throws Exception {
        for (int round = 0; round < 20; round++) {
            WireClient client = login();
            client.query("BEGIN");
            client.query("INSERT INTO done VALUES (" + round + ")");
            client.send(Frontend.query("COMMIT"));
            await().until(() -> !"idle in transaction".equals(stateOf(pid)));
            exit.leave(client);
        }
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("20");
        assertSameBackend();
    }

    @Test
    void aCommitThatTakesLongIsNotCancelled() throws Exception {
        bystander.query("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                + " 'BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END'");
        bystander.query("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON done DEFERRABLE INITIALLY DEFERRED"
                + " FOR EACH ROW EXECUTE FUNCTION slow()");
        WireClient client = login();
        client.query("BEGIN");
        client.query("INSERT INTO done VALUES (1)");
        client.send(Frontend.query("COMMIT"));
        awaitActive("COMMIT");
        client.reset();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("1");
        assertSameBackend();
    }

    @Test
    void theAnswerToWhatWasSentBeforeTerminateCounts() throws Exception {
        for (int round = 0; round < 50; round++) {
            WireClient client = login();
            client.send(Frontend.query("SELECT 1"), Frontend.terminate());
            client.close();
        }
        assertIdleSoon();
        assertSameBackend();
    }

    /** How often a cancel was sent for clients that are gone, as /metrics says. */
    private int cancelsOfAbandoned() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + proxy.proxy().httpAddress().getPort() + "/metrics"))
                .build();
        String page = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        String series = "pgweir_cancels_total{pool=\"" + database + "/postgres\",reason=\"abandoned\"} ";
        return page.lines()
                .filter(line -> line.startsWith(series))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(series.length())))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsCancelledBehindAClientThatIsGoneIsCountedOnceAndItsPermitIsThereAgain(Exit exit) throws Exception {
        byte[] large = Frontend.query("SELECT repeat('x', 10000) FROM generate_series(1, 1000000)");
        byte[] copyOut = Frontend.query("COPY (SELECT repeat('x', 10000) FROM generate_series(1, 1000000)) TO STDOUT");
        byte[] pipeline = Frontend.join(
                Frontend.unnamed("INSERT INTO done VALUES (1)"),
                Frontend.unnamed("SELECT pg_sleep(60)"),
                Frontend.sync(),
                Frontend.query("SELECT 2"));
        int counted = 0;
        for (byte[] work : new byte[][] {Frontend.query("SELECT pg_sleep(60)"), large, copyOut, pipeline}) {
            WireClient client = login();
            client.send(work);
            await().pollInterval(Duration.ofMillis(10)).until(() -> "active".equals(stateOf(pid())));
            exit.leave(client);
            assertIdleSoon();
            counted++;
            assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
            assertThat(cancelsOfAbandoned()).isEqualTo(counted);
            assertThat(pool().open()).isEqualTo(1);
        }
        WireClient idle = login();
        idle.query("BEGIN");
        idle.query("INSERT INTO done VALUES (1)");
        exit.leave(idle);
        WireClient deferred = login();
        deferred.query("BEGIN");
        exit.leave(deferred);
        assertIdleSoon();
        assertThat(bystander.value("SELECT count(*) FROM done")).isEqualTo("0");
        assertThat(cancelsOfAbandoned())
                .as("nothing ran that could be cancelled")
                .isEqualTo(counted);
    }

    private String pid() throws SQLException {
        return postgres.queryForString("SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE datname = '" + database
                + "' AND backend_type = 'client backend'");
    }

    private io.pgweir.proxy.pool.Pool pool() {
        return proxy.pool(database, "postgres");
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private void awaitActive(String part) {
        await().until(() -> postgres.backends(database).stream()
                .anyMatch(backend ->
                        "active".equals(backend.state()) && backend.query().contains(part)));
    }

    private String stateOf(String process) throws SQLException {
        return postgres.queryForString(
                "SELECT coalesce((SELECT state FROM pg_stat_activity WHERE pid = " + process + "), 'gone')");
    }

    /** Nothing runs any more and no transaction is open. */
    private void assertIdleSoon() {
        await().atMost(SOON.multipliedBy(2))
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() ->
                        assertThat(postgres.backends(database)).allMatch(backend -> "idle".equals(backend.state())));
    }

    private void assertSameBackend() throws IOException {
        if (!Boolean.getBoolean("pgweir.test.shuffle")) {
            assertThat(bystander.value("SELECT pg_backend_pid()")).isEqualTo(pid);
        }
    }
}
