package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.ConfigChange;
import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Another configuration counts for those who are connected, and nobody loses a connection or a statement by it. */
@Timeout(120)
class ReloadTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";
    private String file = "";

    @TempDir
    private Path directory;

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
        file = "databases:\n  app: {host: $HOST, port: $PORT, dbname: " + database + "}\n";
    }

    private Reloading start(String more, String... settings) throws IOException {
        return new Reloading(postgres, directory, more + file, settings);
    }

    private static void refused(ThrowingCallable login, String sqlState) {
        assertThatThrownBy(login).isInstanceOf(LoginRefused.class).hasMessageContaining("E[" + sqlState);
    }

    private int backends() throws Exception {
        return postgres.backendsOf(database);
    }

    private static void eventually(String what, org.awaitility.core.ThrowingRunnable check) {
        org.awaitility.Awaitility.await(what).atMost(Duration.ofSeconds(10)).untilAsserted(check);
    }

    // ---- limits of pools

    @Test
    void aHigherLimitServesWhoWaits() throws Exception {
        try (Reloading pgweir = start("connection_limit: 2\n");
                WireClient first = pgweir.login("app");
                WireClient second = pgweir.login("app");
                WireClient third = pgweir.login("app")) {
            holding(first, second);
            Pool pool = pgweir.proxy().pool("app", "postgres");
            third.send(Frontend.query("select 3"));
            eventually("third waits", () -> assertThat(pool.waiting()).isOne());
            pgweir.to("connection_limit: 3\n" + file);
            assertThat(ServerMessage.transcript(third.readUntilReady())).contains("D[3]");
            assertThat(backends()).isEqualTo(3);
        }
    }

    private static void holding(WireClient... clients) throws IOException {
        for (WireClient client : clients) {
            assertThat(client.query("begin")).endsWith("Z[T]");
            assertThat(client.query("select 1")).endsWith("Z[T]");
        }
    }

    @Test
    void aLowerLimitIsReachedAsBackendsComeFreeAndNotByMoreThanNeeded() throws Exception {
        try (Reloading pgweir = start("connection_limit: 6\n")) {
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                clients.add(pgweir.login("app"));
            }
            holding(clients.toArray(WireClient[]::new));
            Pool pool = pgweir.proxy().pool("app", "postgres");
            pgweir.to("connection_limit: 2\n" + file);
            assertThat(pool.open()).isEqualTo(6);
            for (WireClient client : clients) {
                assertThat(client.query("commit")).endsWith("Z[I]");
            }
            eventually("the surplus has gone", () -> assertThat(backends()).isEqualTo(2));
            assertThat(pool.open()).isEqualTo(2);
            for (WireClient client : clients) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                assertThat(backends()).isEqualTo(2);
                client.close();
            }
        }
    }

    @Test
    void idleBackendsAboveALowerLimitAreClosedAtOnceAndAHigherMinimumIsOpened() throws Exception {
        try (Reloading pgweir = start("connection_limit: 5\nmin_connections: 5\n")) {
            try (WireClient client = pgweir.login("app")) {
                holding(client);
                Pool pool = pgweir.proxy().pool("app", "postgres");
                pgweir.to("connection_limit: 3\n" + file);
                eventually("the surplus has gone", () -> assertThat(backends()).isLessThanOrEqualTo(3));
                assertThat(client.query("commit")).endsWith("Z[I]");
                assertThat(pool.settings().connectionLimit()).isEqualTo(3);
            }
        }
        String own = "databases:\n  app: {url: 'postgresql://postgres@$HOST:$PORT/" + database + "'}\n";
        try (Reloading pgweir = new Reloading(postgres, directory, own)) {
            pgweir.to("min_connections: 4\n" + own);
            eventually("the minimum is open", () -> assertThat(backends()).isEqualTo(4));
        }
    }

    @Test
    void fewerMayWaitAndFewerMayConnect() throws Exception {
        try (Reloading pgweir = start("connection_limit: 2\nmax_clients: 3\nmax_pinned: 2\n");
                WireClient first = pgweir.login("app");
                WireClient second = pgweir.login("app");
                WireClient third = pgweir.login("app")) {
            refused(() -> pgweir.login("app"), "53300");
            holding(first, second);
            pgweir.to("connection_limit: 2\nmax_clients: 4\nqueue_limit: 0\nmax_pinned: 1\n" + file);
            assertThat(third.query("select 1"))
                    .startsWith("E[53300")
                    .contains("queue")
                    .endsWith("Z[I]");
            pgweir.login("app").close();
            assertThat(first.query("commit")).endsWith("Z[I]");
            assertThat(second.query("commit")).endsWith("Z[I]");
            assertThat(first.query("create temp table t (i int)")).startsWith("C[CREATE TABLE]");
            assertThat(second.query("create temp table t (i int)"))
                    .startsWith("E[53300")
                    .contains("max_pinned");
        }
    }

    // ---- limits of clients

    @Test
    void timeLimitsCountForWhoIsConnectedAndItsOwnStay() throws Exception {
        try (Reloading pgweir = start("statement_timeout: 30s\n");
                WireClient client = pgweir.login("app");
                WireClient modest = pgweir.login("app")) {
            assertThat(modest.query("set pgweir.statement_timeout = '20s'")).endsWith("Z[I]");
            pgweir.to("statement_timeout: 400ms\nbackend_lost_sqlstate: 57P01\nstatement_timeout_sqlstate: 40001\n"
                    + file);
            eventually(
                    "the limit is there",
                    () -> assertThat(client.value("show pgweir.statement_timeout"))
                            .isEqualTo("400ms"));
            assertThat(client.query("select pg_sleep(30)")).contains("E[40001").endsWith("Z[I]");
            assertThat(modest.value("show pgweir.statement_timeout")).isEqualTo("400ms");
            pgweir.to("statement_timeout: 30s\n" + file);
            eventually(
                    "its own is back",
                    () -> assertThat(modest.value("show pgweir.statement_timeout"))
                            .isEqualTo("20s"));
            assertThat(client.value("show pgweir.statement_timeout")).isEqualTo("30s");
            pgweir.to(file + "users:\n  postgres: {statement_timeout: 5s}\napplications:\n  x: {pool_timeout: 1s}\n");
            eventually(
                    "the exception counts",
                    () -> assertThat(client.value("show pgweir.statement_timeout"))
                            .isEqualTo("5s"));
            assertThat(client.query("set application_name = 'x'")).endsWith("Z[I]");
            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("1s");
        }
    }

    // ---- users

    @Test
    void whoIsRemovedStaysConnectedAndCannotLogInAgain() throws Exception {
        String scram = user(TestRole.SCRAM, TestRole.SCRAM.password());
        String trust = user(TestRole.TRUST, "one");
        try (Reloading pgweir = start("users:\n" + scram, "client_auth", "scram")) {
            try (WireClient client = pgweir.login("app", TestRole.SCRAM.user(), TestRole.SCRAM.password())) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                refused(() -> pgweir.login("app", TestRole.TRUST.user(), "one"), "28P01");
                pgweir.to("users:\n" + trust + file);
                refused(() -> pgweir.login("app", TestRole.SCRAM.user(), TestRole.SCRAM.password()), "28P01");
                // It is served as before, by new backends as well.
                postgres.terminateAll(database);
                Pool pool = pgweir.proxy().pool("app", TestRole.SCRAM.user());
                eventually(
                        "the backends have gone", () -> assertThat(pool.open()).isZero());
                assertThat(client.value("select current_user")).isEqualTo(TestRole.SCRAM.user());
                pgweir.to("queue_limit: 5\nusers:\n" + trust + file); // a further one does not forget it
                postgres.terminateAll(database);
                eventually(
                        "the backends have gone", () -> assertThat(pool.open()).isZero());
                assertThat(client.value("select current_user")).isEqualTo(TestRole.SCRAM.user());
                try (WireClient other = pgweir.login("app", TestRole.TRUST.user(), "one")) {
                    assertThat(other.value("select current_user")).isEqualTo(TestRole.TRUST.user());
                    pgweir.to("users:\n" + user(TestRole.TRUST, "two") + file);
                    refused(() -> pgweir.login("app", TestRole.TRUST.user(), "one"), "28P01");
                    pgweir.login("app", TestRole.TRUST.user(), "two").close();
                    assertThat(other.query("select 1")).endsWith("Z[I]");
                }
            }
            eventually(
                    "the pool of the user has gone",
                    () -> assertThat(pgweir.proxy().proxy().pools().pools())
                            .extracting(each -> each.key().user())
                            .containsExactly(TestRole.TRUST.user()));
        }
    }

    private static String user(TestRole role, String password) {
        return "  " + role.user() + ": {password: '" + password + "'}\n";
    }

    @Test
    void aPasswordThatIsCorrectedIsTriedAtOnce() throws Exception {
        org.assertj.core.api.Assumptions.assumeThat(postgres.checksPasswords()).isTrue();
        try (Reloading pgweir = start("users:\n" + user(TestRole.SCRAM, TestRole.SCRAM.password()));
                WireClient client = pgweir.login("app", TestRole.SCRAM.user(), null)) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            pgweir.to("users:\n" + user(TestRole.SCRAM, "wrong") + file);
            assertThat(client.query("select 1")).as("what is open stays").startsWith("T");
            postgres.terminateAll(database);
            Pool pool = pgweir.proxy().pool("app", TestRole.SCRAM.user());
            eventually("the backends have gone", () -> assertThat(pool.open()).isZero());
            assertThat(client.query("select 1")).startsWith("E[57P03").contains("password");
            pgweir.to("users:\n" + user(TestRole.SCRAM, TestRole.SCRAM.password()) + file);
            assertThat(client.query("select 1")).startsWith("T");
        }
    }

    // ---- databases

    @Test
    void databasesComeAndGo() throws Exception {
        String second = postgres.createDatabase();
        String both = file + "  more: {host: $HOST, port: $PORT, dbname: " + second + "}\n";
        try (Reloading pgweir = start("")) {
            refused(() -> pgweir.login("more"), "3D000");
            pgweir.to(both);
            try (WireClient client = pgweir.login("more")) {
                assertThat(client.value("select current_database()")).isEqualTo(second);
                pgweir.to(file);
                refused(() -> pgweir.login("more"), "3D000");
                assertThat(client.value("select current_database()")).isEqualTo(second);
                pgweir.to(both); // before it has gone
                pgweir.login("more").close();
                pgweir.to(file);
            }
            eventually(
                    "its backends have gone",
                    () -> assertThat(postgres.backendsOf(second)).isZero());
            eventually(
                    "its pool has gone",
                    () -> assertThat(pgweir.proxy().proxy().pools().pools())
                            .noneMatch(pool -> pool.key().database().equals("more")));
            pgweir.to(both);
            try (WireClient client = pgweir.login("more")) {
                assertThat(client.value("select current_database()")).isEqualTo(second);
            }
        }
    }

    @Test
    void backendsLeaveAServerThatIsNoLongerNamedAsTheyComeFree() throws Exception {
        try (Reloading pgweir = start("");
                WireClient busy = pgweir.login("app");
                WireClient idle = pgweir.login("app")) {
            holding(busy);
            String kept = busy.value("select pg_backend_pid()");
            String left = idle.value("select pg_backend_pid()");
            assertThat(left).isNotEqualTo(kept);
            pgweir.to(file.replace("$HOST", "$OTHER"));
            assertThat(busy.value("select pg_backend_pid()")).isEqualTo(kept);
            // Each event loop takes its idle ones out of use when it comes to it.
            eventually(
                    "nobody gets one that leads there",
                    () -> assertThat(idle.value("select pg_backend_pid()")).isNotIn(left, kept));
            assertThat(busy.query("commit")).endsWith("Z[I]");
            assertThat(busy.value("select pg_backend_pid()")).isNotIn(left, kept);
            eventually(
                    "both have gone",
                    () -> assertThat(postgres.backends(database))
                            .extracting(backend -> String.valueOf(backend.pid()))
                            .doesNotContain(left, kept));
            assertThat(pgweir.proxy().proxy().pools().breakers().all())
                    .extracting(Breaker::server)
                    .hasToString("[" + Reloading.other(postgres.host()) + ":" + postgres.port() + "]");
        }
    }

    @Test
    void anotherDatabaseBehindTheSameNameIsUsedAsTransactionsEnd() throws Exception {
        String second = postgres.createDatabase();
        try (Reloading pgweir = start("");
                WireClient client = pgweir.login("app")) {
            holding(client);
            pgweir.to(file.replace(database, second));
            assertThat(client.value("select current_database()")).isEqualTo(database);
            assertThat(client.query("commit")).endsWith("Z[I]");
            assertThat(client.value("select current_database()")).isEqualTo(second);
            pgweir.to(file.replace(database, second).replace("}", ", target_session_attrs: read-only}"));
            assertThat(client.query("set pgweir.pool_timeout = '300ms'")).endsWith("Z[I]");
            assertThat(client.query("select 1")).startsWith("E[").contains("read-only");
            pgweir.to(file.replace("}", ", target_session_attrs: read-write}"));
            assertThat(client.value("select current_database()")).isEqualTo(database);
        }
    }

    // ---- what is wrong, and what must wait

    @Test
    void aBadFileChangesNothingAndEveryProblemIsNamed() throws Exception {
        try (Reloading pgweir = start("connection_limit: 4\nadmin_users: dba\n");
                WireClient client = pgweir.login("app");
                WireClient console = pgweir.login("pgweir", "dba", null)) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            pgweir.write("connection_limit: many\nqueue_limt: 3\nadmin_users: dba\npool_timeout: 9s\n" + file);
            ReloadReport report = pgweir.reload();
            assertThat(report.changes()).isEmpty();
            assertThat(report.problems())
                    .extracting(problem -> problem.toString().replaceAll(".*/", ""))
                    .anySatisfy(line -> assertThat(line).startsWith("pgweir.yaml:1:19: 'many' is not a whole number"))
                    .anySatisfy(line -> assertThat(line).startsWith("pgweir.yaml:2:1: unknown key 'queue_limt'"));
            assertThat(console.query("reload"))
                    .startsWith(
                            "E[F0000 the configuration was not reloaded, and nothing was changed: problems in it: 2]")
                    .endsWith("Z[I]");
            assertThat(client.value("show pgweir.pool_timeout")).isEqualTo("30s");
            assertThat(pgweir.proxy().pool("app", "postgres").settings().connectionLimit())
                    .isEqualTo(4);
            assertThat(metrics(pgweir))
                    .contains("pgweir_reloads_total{outcome=\"rejected\"} 2.0")
                    .contains("pgweir_reloads_total{outcome=\"succeeded\"} 0.0");
            pgweir.write("pool_timeout: 9s\nadmin_users: dba\nconnection_limit: 4\n" + file);
            assertThat(console.query("reload"))
                    .isEqualTo("T[of|setting|old_value|new_value|effect] D[|pool_timeout|30s|9s|in force now]"
                            + " C[RELOAD] Z[I]");
            assertThat(console.query("reload")).contains("N[00000").contains("C[RELOAD]");
        }
    }

    private static String metrics(Reloading pgweir) throws IOException {
        java.net.InetSocketAddress http =
                java.util.Objects.requireNonNull(pgweir.proxy().proxy().httpAddress());
        try (java.io.InputStream page = java.net
                .URI
                .create("http://127.0.0.1:" + http.getPort() + "/metrics")
                .toURL()
                .openStream()) {
            return new String(page.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    @Test
    void whatNeedsARestartIsSaidAndDoesNotHappen() throws Exception {
        try (Reloading pgweir = start("");
                WireClient client = pgweir.login("app")) {
            ReloadReport report = pgweir.to("pool_mode: session\nreuse_port: true\nqueue_limit: 3\n" + file);
            assertThat(report.changes())
                    .filteredOn(change -> change.effect().startsWith("needs a restart"))
                    .extracting(ConfigChange::what)
                    .containsExactlyInAnyOrder("pool_mode", "reuse_port");
            holding(client);
            assertThat(client.query("commit")).endsWith("Z[I]");
            pgweir.proxy().awaitQuiet(); // given back, which session mode would not do
            assertThat(pgweir.proxy().pool("app", "postgres").settings().queueLimit())
                    .isEqualTo(3);
        }
    }
}
