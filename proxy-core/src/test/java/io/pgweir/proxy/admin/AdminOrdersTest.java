package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What commands really do, seen by the clients and in pg_stat_activity. */
@SuppressWarnings("try") // who is only there
class AdminOrdersTest extends RunningConsole {
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @Override
    String database() {
        return database;
    }

    private void order(String command) throws SQLException {
        Consoles.run(console, command);
    }

    private static Set<Integer> pids() throws SQLException {
        return POSTGRES.backends(database).stream()
                .map(RealPostgres.Backend::pid)
                .collect(Collectors.toSet());
    }

    /** Clients that never stop, on both event loops. */
    private final class Busy implements AutoCloseable {
        private final List<CompletableFuture<Integer>> workers = new ArrayList<>();
        private volatile boolean over;

        Busy(int clients) {
            for (int i = 0; i < clients; i++) {
                workers.add(CompletableFuture.supplyAsync(this::work, task -> new Thread(task).start()));
            }
        }

        private int work() {
            int done = 0;
            try (WireClient client = login()) {
                while (!over) {
                    String answer = client.query("BEGIN; SELECT 1; COMMIT");
                    if (!answer.endsWith("C[COMMIT] Z[I]")) {
                        throw new IllegalStateException(answer);
                    }
                    done++;
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            return done;
        }

        /** Fails if anything else than success was answered. */
        @Override
        public void close() throws Exception {
            over = true;
            for (CompletableFuture<Integer> worker : workers) {
                assertThat(worker.get(10, TimeUnit.SECONDS)).isPositive();
            }
        }
    }

    @Test
    void pauseEmptiesTheServerAndResumeGoesOnAsIfNothingHadBeen() throws Exception {
        start("connection_limit", "4");
        try (Busy busy = new Busy(8)) {
            await().until(() -> pids().size() == 4);
            for (int i = 0; i < 3; i++) {
                order("PAUSE " + database);
                assertThat(pids()).isEmpty();
                try (WireClient late = login()) { // a login is no reason to wait
                    assertThat(Consoles.row(
                                    console,
                                    "SHOW DATABASES",
                                    row -> row.get("name").equals(database)))
                            .containsEntry("paused", "1");
                    await().untilAsserted(() -> assertThat(Consoles.row(
                                    console,
                                    "SHOW POOLS",
                                    row -> row.get("database").equals(database)))
                            .containsEntry("cl_waiting", "8")
                            .containsEntry("cl_active", "1")
                            .containsEntry("sv_open", "0"));
                    assertThat(late.pid()).isPositive();
                }
                order("RESUME " + database);
                await().until(() -> pids().size() >= 1);
            }
        }
    }

    @Test
    void whoWaitsTooLongIsToldOfThePauseAndKeepsTheConnection() throws Exception {
        start("pool_timeout", "500ms");
        try (WireClient client = login()) {
            await().until(() -> "1".equals(client.value("SELECT 1"))); // the first connect may take long
            var incidents = incidents();
            order("PAUSE");
            assertThat(client.query("SELECT 2"))
                    .matches("E\\[53300 pool timeout: waited \\d\\.\\ds, the pool was paused by an administrator"
                            + " \\d+\\.\\ds ago, 0 waiting\\] Z\\[I\\]");
            assertThat(incidents()).isEqualTo(incidents);
            assertThatThrownBy(() -> order("RESUME " + database)).hasMessageContaining("because all are");
            order("RESUME");
            assertThat(client.value("SELECT 3")).isEqualTo("3");
        }
    }

    private List<String> incidents() throws SQLException {
        return Consoles.rows(console, "SHOW INCIDENTS").stream()
                .map(row -> row.get("incident") + " " + row.get("affected"))
                .toList();
    }

    @Test
    void inSessionModeAPauseWaitsForClientsToLeaveAndALostBackendIsTheirEnd() throws Exception {
        start("pool_mode", "session");
        try (WireClient admin = WireClient.login(proxy.host(), proxy.port(), "pgweir", "dba", null)) {
            WireClient client = login();
            WireClient other = login();
            String pid = other.value("SELECT pg_backend_pid()");
            order("KILL BACKEND " + pid);
            assertThat(other.readUntilClosed().toString()).contains("08006"); // and nothing after it
            admin.send(Frontend.query("PAUSE " + database));
            await().until(() -> proxy.pool(database, "postgres").steering().isPaused());
            assertThat(client.value("SELECT 1")).isEqualTo("1");
            client.close();
            assertThat(admin.readUntilReady().toString()).contains("PAUSE");
            assertThat(pids()).isEmpty();
            order("RESUME " + database);
            other.close();
        }
    }

    @Test
    void pauseWaitsForTransactionsAndIsTakenBackIfCancelled() throws Exception {
        start();
        try (WireClient client = login();
                WireClient admin = WireClient.login(proxy.host(), proxy.port(), "pgweir", "dba", null)) {
            client.query("BEGIN; CREATE TEMPORARY TABLE t(a int) ON COMMIT DROP");
            admin.send(Frontend.query("PAUSE"));
            await().until(() -> Consoles.rows(console, "SHOW STATE").toString().contains("{key=paused, value=yes}"));
            assertThat(client.query("SELECT count(*) FROM t")).contains("D[0]"); // it has its backend
            admin.cancel();
            assertThat(admin.readUntilReady().toString()).contains("57014");
            assertThat(Consoles.rows(console, "SHOW STATE").toString()).contains("{key=paused, value=no}");
            admin.send(Frontend.query("PAUSE"));
            await().until(() -> Consoles.rows(console, "SHOW STATE").toString().contains("{key=paused, value=yes}"));
            assertThat(pids()).hasSize(1);
            client.query("COMMIT");
            assertThat(admin.readUntilReady().toString()).contains("PAUSE");
            assertThat(pids()).isEmpty();
            order("RESUME");
        }
    }

    @Test
    void aPauseTakesTheListeningBackendToo() throws Exception {
        start("connection_limit", "3");
        try (WireClient client = login();
                Connection direct = POSTGRES.connect(database)) {
            client.query("LISTEN news");
            order("PAUSE");
            await().until(() -> POSTGRES.backends("pgweir listen").isEmpty());
            order("RESUME");
            await().until(() -> !POSTGRES.backends("pgweir listen").isEmpty());
            assertThat(client.readUntil('N').toString()).contains("01W01");
            direct.createStatement().execute("NOTIFY news, 'again'");
            assertThat(client.readUntil('A').toString()).contains("again");
        }
    }

    @Test
    void reconnectReplacesEveryBackendAndNobodyNotices() throws Exception {
        start("connection_limit", "3");
        try (Busy busy = new Busy(6);
                WireClient keeper = login()) {
            await().until(() -> pids().size() == 3);
            Set<Integer> before = pids();
            order("RECONNECT " + database);
            order("WAIT_CLOSE");
            assertThat(pids()).doesNotContainAnyElementsOf(before);
            assertThat(keeper.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void killClientClosesItAndCancelsWhatItRuns() throws Exception {
        start();
        try (WireClient victim = login();
                WireClient other = login()) {
            other.query("SELECT 1");
            victim.send(Frontend.query("SELECT pg_sleep(60)"));
            var row = awaitQuery("pg_sleep");
            order("KILL CLIENT " + row.get("client_id"));
            assertThat(victim.readUntilClosed().toString()).contains("57P01");
            await().until(() ->
                    POSTGRES.backends(database).stream().noneMatch(backend -> "active".equals(backend.state())));
            assertThat(other.value("SELECT 2")).isEqualTo("2");
            assertThat(Consoles.rows(console, "SHOW CLIENTS")).hasSize(1);
        }
    }

    private java.util.Map<String, String> awaitQuery(String part) {
        return await().until(
                        () -> Consoles.rows(console, "SHOW QUERIES").stream()
                                .filter(row -> row.get("statement").contains(part))
                                .findFirst()
                                .orElse(null),
                        java.util.Objects::nonNull);
    }

    @Test
    void killBackendEndsItAndTheClientGoesOn() throws Exception {
        start();
        try (WireClient client = login()) {
            client.query("BEGIN; SELECT 1");
            String pid = client.value("SELECT pg_backend_pid()");
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            awaitQuery("pg_sleep");
            order("KILL BACKEND " + pid);
            assertThat(pids()).doesNotContain(Integer.valueOf(pid));
            assertThat(client.readUntilReady().toString()).contains("08006").contains("KILL BACKEND");
            client.query("ROLLBACK");
            assertThat(client.value("SELECT pg_backend_pid()")).isNotEqualTo(pid);
            proxy.awaitQuiet();
            String idle = client.value("SELECT pg_backend_pid()");
            proxy.awaitQuiet();
            order("KILL BACKEND " + idle); // one that nobody has
            assertThat(pids()).doesNotContain(Integer.valueOf(idle));
            assertThat(client.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void killClosesADatabaseAndLeavesItPaused() throws Exception {
        start();
        String other = POSTGRES.createDatabase();
        try (WireClient bystander = WireClient.login(proxy.host(), proxy.port(), other, "postgres", null)) {
            List<WireClient> victims = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                victims.add(login());
                victims.get(i).send(Frontend.query("SELECT pg_sleep(60)"));
            }
            await().until(() -> pids().size() == 6);
            order("KILL " + database);
            assertThat(pids()).isEmpty();
            for (WireClient victim : victims) {
                assertThat(victim.readUntilClosed().toString()).contains("57P01");
                victim.close();
            }
            assertThat(bystander.value("SELECT 1")).isEqualTo("1");
            try (WireClient next = login()) {
                next.send(Frontend.query("SELECT 1"));
                await().untilAsserted(() -> assertThat(Consoles.rows(console, "SHOW QUERIES"))
                        .singleElement()
                        .satisfies(row -> assertThat(row).containsEntry("state", "waiting")));
                order("RESUME " + database);
                assertThat(next.readUntilReady().toString()).contains("D");
            }
        } finally {
            POSTGRES.terminateAll(other);
            POSTGRES.dropDatabase(other);
        }
    }

    @Test
    void drainTakesNoNewClientsAndIsNotReady() throws Exception {
        start();
        try (WireClient here = login()) {
            here.query("SELECT 1");
            order("DRAIN");
            assertThatThrownBy(this::login).hasMessageContaining("57P03").hasMessageContaining("(DRAIN)");
            assertThat(here.value("SELECT 1")).isEqualTo("1");
            assertThat(ready()).startsWith("503").contains("taken out of service by an administrator");
            try (Connection second = Consoles.open(proxy)) {
                Consoles.run(second, "RESUME");
            }
            assertThat(ready()).startsWith("200");
            login().close();
        }
    }

    private String ready() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + proxy.proxy().httpAddress().getPort() + "/health/ready"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    @Test
    void disableRefusesNewClientsOfADatabase() throws Exception {
        start();
        try (WireClient here = login()) {
            order("DISABLE " + database);
            assertThatThrownBy(this::login).hasMessageContaining("55000").hasMessageContaining("was disabled");
            assertThat(here.value("SELECT 1")).isEqualTo("1");
            WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null)
                    .close();
            order("ENABLE " + database);
            login().close();
        }
    }

    @Test
    void aBreakerIsOpenedAndClosedByHand() throws Exception {
        start("breaker_ramp", "0");
        String server = POSTGRES.host() + ":" + POSTGRES.port();
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("BEGIN");
            client.query("SELECT 1"); // has the only backend
            order("OPEN " + server);
            assertThat(Consoles.row(
                            console, "SHOW BREAKERS", row -> row.get("server").equals(server)))
                    .containsEntry("state", "open")
                    .hasEntrySatisfying("by_hand", by -> assertThat(by).startsWith("OPEN by dba "));
            assertThat(client.query("SELECT 2")).contains("D[2]"); // works on
            assertThat(client.query("COMMIT")).contains("COMMIT");
            order("RECONNECT");
            await().until(() -> pids().isEmpty());
            assertThat(other.query("SELECT 3")).startsWith("E[57P03").contains("held open");
            order("AUTO " + server);
            await().until(() -> other.query("SELECT 4").contains("D[4]"));
            assertThat(Consoles.row(
                            console, "SHOW BREAKERS", row -> row.get("server").equals(server)))
                    .containsEntry("by_hand", "");
        }
    }

    @Test
    void shutdownLetsTransactionsEnd() throws Exception {
        start();
        try (WireClient client = login()) {
            client.query("BEGIN; SELECT 1");
            order("SHUTDOWN");
            assertThat(client.query("SELECT 2")).contains("D[2]");
            assertThat(client.query("COMMIT")).contains("C[COMMIT]");
            proxy.proxy().shutdown().get(10, TimeUnit.SECONDS);
            assertThatThrownBy(() -> order("SHOW VERSION")).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void whatIsShownAgreesWithWhatIsDoneAndHoldsNoValues() throws Exception {
        start("connection_limit", "2");
        try (WireClient idler = login();
                WireClient sleeper = login();
                WireClient waiter = login()) {
            idler.query("SET pgweir.label = 'the idler'");
            idler.query("BEGIN; SELECT 'secret' /* route='/pay' */");
            sleeper.send(Frontend.query("SELECT pg_sleep(60), 'secret'"));
            awaitQuery("pg_sleep");
            waiter.send(Frontend.query("SELECT 'secret'"));
            await().untilAsserted(() -> assertThat(Consoles.row(
                            console, "SHOW POOLS", row -> row.get("database").equals(database)))
                    .containsEntry("cl_active", "2")
                    .containsEntry("cl_waiting", "1")
                    .containsEntry("sv_active", "2")
                    .containsEntry("sv_idle", "0")
                    .containsEntry("sv_login", "0")
                    .containsEntry("sv_idle_in_transaction", "1"));
            assertThat(Consoles.rows(console, "SHOW CLIENTS"))
                    .extracting(row -> row.get("state") + " " + row.get("transaction"))
                    .containsExactly("active open", "active none", "waiting none");
            assertThat(Consoles.rows(console, "SHOW HOLDERS"))
                    .extracting(row -> row.get("state"))
                    .containsExactlyInAnyOrder("idle_in_transaction", "active");
            assertThat(Consoles.row(
                            console, "SHOW HOLDERS", row -> row.get("state").startsWith("idle")))
                    .containsEntry("label", "/pay")
                    .containsEntry("client_id", "1")
                    .hasEntrySatisfying("fingerprint", text -> assertThat(text).matches("[0-9a-f]{16}"));
            assertThat(Consoles.rows(console, "SHOW SERVERS"))
                    .extracting(row -> row.get("state") + " " + row.get("remote_pid"))
                    .containsExactlyInAnyOrderElementsOf(
                            pids().stream().map(pid -> "active " + pid).toList());
            for (Command command : ConsoleReference.table()) {
                if (command.isShow()) {
                    assertThat(Consoles.rows(console, command.name()).toString())
                            .as(command.name())
                            .doesNotContain("secret");
                }
            }
            sleeper.cancel();
            sleeper.readUntilReady();
            waiter.readUntilReady();
            idler.query("COMMIT");
        }
    }
}
