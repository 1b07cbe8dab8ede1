package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRoles;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users whom only the database knows. */
class AuthQueryTest {
    private static final String ASKING = "pgweir auth_query";
    private static final String WEIRD = "we\"ird'; DROP ROLE x; -- $1";

    private final RealPostgres postgres = RealPostgres.get();
    private final LoginRoles roles = new LoginRoles(postgres);

    @TempDir
    private Path directory;

    private String asker = "";
    private String role = "";

    @BeforeEach
    void aRoleThatMayAsk() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        asker = roles.create("asks");
        postgres.execute("GRANT SELECT ON pg_catalog.pg_authid TO " + asker);
        role = roles.create("right");
    }

    @AfterEach
    void noRoles() throws Exception {
        roles.close();
    }

    private RunningProxy proxy(String... more) throws Exception {
        return proxy(postgres.host(), postgres.port(), more);
    }

    private RunningProxy proxy(String host, int port, String... more) throws Exception {
        String ttl = more.length > 0 && more[0].startsWith("auth_query_ttl") ? "" : "auth_query_ttl: 0";
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, """
                databases:
                  "*": {host: %s, port: %d}
                auth_user: %s
                auth_password: asks
                %s
                failed_login_limit: off
                %s
                """.formatted(host, port, asker, ttl, String.join("\n", more)));
        return RunningProxy.with(file, "client_auth", "scram");
    }

    private static String login(RunningProxy proxy, String user, String password, String... startup) throws Exception {
        return LoginAttempt.at(proxy, "postgres", user, password, startup).outcome();
    }

    private static String refused(String user) {
        return "28P01 password authentication failed for user \"" + user + "\"";
    }

    @Test
    void whoMayLogInToTheServerMayComeIn() throws Exception {
        try (RunningProxy proxy = proxy()) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            assertThat(login(proxy, role, "wrong")).isEqualTo(refused(role));
            assertThat(login(proxy, role, "")).isEqualTo(refused(role));
            assertThat(login(proxy, "nobody", "right")).isEqualTo(refused("nobody"));
            assertThat(login(proxy, asker, "right")).as("not as auth_user").isEqualTo(refused(asker));

            roles.alter(role, "VALID UNTIL '2001-01-01'");
            assertThat(login(proxy, role, "right")).as("expired").isEqualTo(refused(role));
            roles.alter(role, "VALID UNTIL '2999-01-01'");
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            roles.alter(role, "VALID UNTIL 'infinity'");
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            roles.alter(role, "NOLOGIN");
            assertThat(login(proxy, role, "right")).as("NOLOGIN").isEqualTo(refused(role));
            roles.alter(role, "LOGIN PASSWORD NULL");
            assertThat(login(proxy, role, "right")).as("no password").isEqualTo(refused(role));
            assertThat(login(proxy, role, "")).as("no password").isEqualTo(refused(role));
            roles.alter(role, "PASSWORD 'right'");
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            String other = role + "_renamed";
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'");
            roles.alter(role, "RENAME TO " + other);
            assertThat(login(proxy, role, "right")).as("renamed").isEqualTo(refused(role));
            assertThat(login(proxy, other, "right")).isEqualTo("in as " + other);
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + other + "'");
            roles.drop(other);
            assertThat(login(proxy, other, "right")).as("dropped").isEqualTo(refused(other));
        }
    }

    @Test
    void namesAreNeverPartOfTheQuery() throws Exception {
        roles.create(WEIRD, "right");
        try (RunningProxy proxy = proxy()) {
            assertThat(login(proxy, WEIRD, "right")).isEqualTo("in as " + WEIRD);
            assertThat(login(proxy, WEIRD, "wrong")).startsWith("28P01 ");
            assertThat(login(proxy, role + "' OR true --", "right")).startsWith("28P01 ");
            String longest = "n".repeat(63);
            roles.create(longest, "right");
            assertThat(login(proxy, longest, "right")).isEqualTo("in as " + longest);
            assertThat(login(proxy, longest + "n", "right"))
                    .as("not cut to 63 characters")
                    .startsWith("42622 ");
        }
    }

    /** CVE-2025-12819: what a client says of its own session must not reach the connection that asks. */
    @Test
    void aHostileSearchPathIsNotLookedAt() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP SCHEMA IF EXISTS evil CASCADE");
            statement.execute("CREATE SCHEMA evil");
            statement.execute("CREATE TABLE evil.ran (what text)");
            statement.execute("CREATE FUNCTION evil.trap(name, text) RETURNS boolean LANGUAGE sql AS"
                    + " $$ INSERT INTO evil.ran VALUES ('operator'); SELECT true $$");
            statement.execute("CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.trap)");
            statement.execute("CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS"
                    + " $$ INSERT INTO evil.ran VALUES ('now'); SELECT '-infinity'::timestamptz $$");
            statement.execute("CREATE TABLE evil.pg_authid AS SELECT * FROM pg_catalog.pg_authid");
            statement.execute("UPDATE evil.pg_authid SET rolpassword = (SELECT rolpassword FROM pg_catalog.pg_authid"
                    + " WHERE rolname = '" + asker + "')");
            statement.execute("GRANT ALL ON SCHEMA evil TO public");
            statement.execute("GRANT ALL ON ALL TABLES IN SCHEMA evil TO public");
        }
        List<String> queries = List.of("", "auth_query: SELECT rolname, rolpassword FROM pg_authid WHERE rolname = $1");
        try {
            for (String query : queries) {
                try (RunningProxy proxy = proxy(query)) {
                    String[][] packets = {
                        {"search_path", "evil, pg_catalog"},
                        {"options", "-c search_path=evil,pg_catalog"},
                        {"options", "-c role=postgres"}
                    };
                    for (String[] packet : packets) {
                        assertThat(login(proxy, role, "asks", packet)).as(query).isEqualTo(refused(role));
                    }
                    assertThat(login(proxy, role, "right", packets[0])).isEqualTo("in as " + role);
                    assertThat(login(proxy, role, "asks", packets[0])).isEqualTo(refused(role));
                }
            }
            assertThat(postgres.queryForString("SELECT count(*) FROM evil.ran")).isEqualTo("0");
        } finally {
            postgres.execute("DROP SCHEMA evil CASCADE");
        }
    }

    @Test
    void oneConnectionAsksForAll() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(20);
        try (RunningProxy proxy = proxy("connection_limit: 3")) {
            List<Callable<String>> logins = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                String password = i % 3 == 0 ? "wrong" : "right";
                logins.add(() -> password + ": " + login(proxy, role, password));
            }
            for (Future<String> each : threads.invokeAll(logins)) {
                assertThat(each.get()).isIn("right: in as " + role, "wrong: " + refused(role));
            }
            assertThat(postgres.backendsOf(ASKING)).isEqualTo(1);
            proxy.awaitQuiet();
            assertThat(roles.backends(role)).isBetween(1, 3);
        } finally {
            threads.shutdown();
        }
        await("it goes with the proxy").until(() -> postgres.backendsOf(ASKING) == 0);
    }

    @Test
    void aChangedPasswordCountsSoonAfterTheFirstWrongOne() throws Exception {
        try (RunningProxy proxy = proxy("auth_query_ttl: 1h")) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            roles.alter(role, "PASSWORD 'new'");
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'");
            await("and backends are opened with it")
                    .untilAsserted(() -> assertThat(login(proxy, role, "new")).isEqualTo("in as " + role));
            assertThat(login(proxy, role, "right")).isEqualTo(refused(role));
        }
    }

    @Test
    void whileTheDatabaseIsAwayWhoHasBeenHereComesIn() throws Exception {
        String other = roles.create("right");
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy proxy = proxy(network.host(), network.port(), "connect_timeout: 2s")) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            network.closePort();
            network.resetAll();
            try (WireClient client = WireClient.login(proxy.host(), proxy.port(), "postgres", role, "right")) {
                assertThat(client.query("SELECT 1")).startsWith("E[57P03");
                assertThat(LoginAttempt.at(proxy, "postgres", role, "wrong").outcome())
                        .isEqualTo(refused(role));
                long begin = System.nanoTime();
                assertThat(login(proxy, other, "right"))
                        .startsWith(
                                "57P03 the password of user \"" + other + "\" could not be looked up (auth_query): ");
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
                network.openPort();
                await().untilAsserted(
                                () -> assertThat(login(proxy, other, "right")).isEqualTo("in as " + other));
                await().untilAsserted(() -> assertThat(client.query("SELECT 1")).contains("D[1]"));
            }
        }
    }

    @Test
    void aFunctionMayAskForAUserWithoutRights() throws Exception {
        String plain = roles.create("asks");
        postgres.execute("CREATE SCHEMA lookup");
        try {
            postgres.execute("CREATE FUNCTION lookup.credentials(wanted text, OUT name text, OUT password text)"
                    + " LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT rolname, rolpassword"
                    + " FROM pg_catalog.pg_authid WHERE rolname = $1 AND rolcanlogin AND NOT rolsuper"
                    + " AND (rolvaliduntil IS NULL OR rolvaliduntil > now()) $$");
            postgres.execute("REVOKE ALL ON FUNCTION lookup.credentials FROM public");
            postgres.execute("GRANT USAGE ON SCHEMA lookup TO " + plain);
            postgres.execute("GRANT EXECUTE ON FUNCTION lookup.credentials TO " + plain);
            asker = plain;
            try (RunningProxy proxy = proxy("auth_query: SELECT name, password FROM lookup.credentials($1)")) {
                assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
                assertThat(login(proxy, role, "wrong")).isEqualTo(refused(role));
                assertThat(login(proxy, "nobody", "right")).isEqualTo(refused("nobody"));
            }
        } finally {
            postgres.execute("DROP SCHEMA lookup CASCADE");
        }
    }

    @Test
    void whatGivesSomethingElseLetsNobodyIn() throws Exception {
        List<String> queries = List.of(
                "SELECT 'someone', rolpassword FROM pg_authid WHERE rolname = $1",
                "SELECT rolname, rolpassword FROM pg_authid WHERE $1 <> ''",
                "SELECT rolname, rolpassword FROM pg_roles WHERE rolname = $1",
                "SELECT rolname FROM pg_authid WHERE rolname = $1",
                "SELECT nothing FROM nowhere WHERE name = $1");
        for (String query : queries) {
            try (LogWatch log = new LogWatch();
                    RunningProxy proxy = proxy("auth_query: \"" + query + "\"")) {
                for (String password : List.of("right", "********", "")) {
                    assertThat(login(proxy, role, password)).as(query).startsWith("57P03 ");
                }
                assertThat(log.lines()).anyMatch(line -> line.startsWith("auth_query of database *: "));
                log.assertCalm();
            }
        }
    }

    @Test
    void whoIsUnknownIsAskedTheSame() throws Exception {
        try (RunningProxy proxy = proxy()) {
            String known = LoginAttempt.at(proxy, "postgres", role, "wrong").exchange();
            String unknown =
                    LoginAttempt.at(proxy, "postgres", "nobody", "wrong").exchange();
            assertThat(unknown.replaceAll("s=[^,]{24},", "").replace("nobody", role))
                    .isEqualTo(known.replaceAll("s=[^,]{24},", ""));
            assertThat(LoginAttempt.at(proxy, "postgres", "nobody", "wrong").exchange())
                    .isEqualTo(unknown);
        }
    }

    @Test
    void aDatabaseThatSaysNoIsBelievedWhateverItHasSaidBefore() throws Exception {
        try (RunningProxy proxy = proxy("connect_timeout: 2s")) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            postgres.execute("REVOKE SELECT ON pg_catalog.pg_authid FROM " + asker);
            assertThat(login(proxy, role, "right"))
                    .startsWith("57P03 the password of user \"" + role + "\" could not be looked up (auth_query): "
                            + "auth_query fails with SQLSTATE 42501");
            postgres.execute("GRANT SELECT ON pg_catalog.pg_authid TO " + asker);
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
        }
    }

    @Test
    void aPausedDatabaseKeepsNoLoginWaiting() throws Exception {
        try (RunningProxy proxy = proxy("connect_timeout: 30s", "client_login_timeout: 40s", "connection_limit: 3")) {
            try (WireClient client = WireClient.login(proxy.host(), proxy.port(), "postgres", role, "right")) {
                assertThat(client.value("SELECT 1")).isEqualTo("1");
                proxy.proxy().pools().pause(null, AdminOrder.now("test"));
                long begin = System.nanoTime();
                assertThat(login(proxy, "nobody", "right")).startsWith("57P03 ").contains("the database is paused");
                assertThat(LoginAttempt.at(proxy, "postgres", role, "wrong").outcome())
                        .as("by the earlier answer")
                        .isEqualTo(refused(role));
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
                proxy.proxy().pools().resume(null);
            }
        }
    }

    // ---- names that nobody has

    /** A query that does this first if the name is an invented one. */
    private String afterDoing(String what) throws Exception {
        postgres.execute("CREATE SCHEMA slow");
        postgres.execute("CREATE FUNCTION slow.lookup(wanted text, OUT name text, OUT password text)"
                + " LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$ BEGIN"
                + " IF wanted LIKE 'nobody%' THEN PERFORM " + what + "; END IF;"
                + " SELECT rolname, rolpassword INTO name, password FROM pg_catalog.pg_authid"
                + " WHERE rolname = wanted AND rolcanlogin; END $$");
        postgres.execute("GRANT USAGE ON SCHEMA slow TO " + asker);
        return "auth_query: SELECT name, password FROM slow.lookup($1)";
    }

    /** So many clients that have sent their names, and those are being looked up. */
    private static List<WireClient> strangers(RunningProxy proxy, int count) throws Exception {
        List<WireClient> strangers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            WireClient client = WireClient.connect(proxy.host(), proxy.port());
            strangers.add(client.send(Frontend.startup(0, Map.of("user", "nobody" + i, "database", "postgres"))));
        }
        Pool asking = proxy.proxy().pools().authQueries().pools().get(0);
        await("the connection is in use").until(() -> asking.waiting() > 0);
        return strangers;
    }

    private static void leave(RunningProxy proxy, List<WireClient> strangers) throws Exception {
        for (WireClient stranger : strangers) {
            stranger.close();
        }
        await("they are gone").until(() -> proxy.proxy().sessions().loggingIn() == 0);
    }

    @Test
    void whoIsKnownComesInWhileInventedNamesAreHeldUpAndClientsMayHardlyQueue() throws Exception {
        List<WireClient> strangers = new ArrayList<>();
        String query = afterDoing("pg_catalog.pg_advisory_xact_lock(4711)");
        try (Connection holder = postgres.connect();
                Statement lock = holder.createStatement();
                RunningProxy proxy = proxy(query, "queue_limit: 1")) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            lock.execute("SELECT pg_advisory_lock(4711)");
            strangers.addAll(strangers(proxy, 60));
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            lock.execute("SELECT pg_advisory_unlock(4711)");
            leave(proxy, strangers);
        } finally {
            postgres.execute("DROP SCHEMA slow CASCADE");
        }
    }

    @Test
    void passwordsAreLookedUpWhereNoClientMayQueue() throws Exception {
        try (RunningProxy proxy = proxy("queue_limit: 0")) {
            assertThat(login(proxy, role, "wrong")).isEqualTo(refused(role));
        }
    }

    @Test
    void aRoleThatMayNotLogInAnyMoreCannotStayByInventingNames() throws Exception {
        List<WireClient> strangers = new ArrayList<>();
        String query = afterDoing("pg_catalog.pg_sleep(0.1)");
        try (RunningProxy proxy = proxy(query)) {
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            roles.alter(role, "NOLOGIN");
            strangers.addAll(strangers(proxy, 60));
            assertThat(login(proxy, role, "right")).isEqualTo(refused(role));
            leave(proxy, strangers);
        } finally {
            postgres.execute("DROP SCHEMA slow CASCADE");
        }
    }

    @Test
    void namesThatAreInventedElsewhereCostNobodyMoreThanATurn() throws Exception {
        List<Socket> strangers = new ArrayList<>();
        String query = afterDoing("pg_catalog.pg_sleep(0.1)");
        try (RunningProxy proxy = proxy(query)) {
            for (int i = 0; i <= 60; i++) {
                String name = i < 60 ? "nobody" + i : role; // whoever has that one does not wait behind the others
                Socket socket = new Socket();
                socket.bind(new InetSocketAddress("127.0.0.2", 0));
                socket.connect(new InetSocketAddress(proxy.host(), proxy.port()), 5000);
                strangers.add(socket);
                socket.getOutputStream().write(Frontend.startup(0, Map.of("user", name, "database", "postgres")));
            }
            await("all have asked").until(() -> proxy.proxy().sessions().loggingIn() == 61);
            assertThat(login(proxy, roles.create("right"), "right")).startsWith("in as ");
            assertThat(login(proxy, role, "right")).isEqualTo("in as " + role);
            int answered = 0;
            for (Socket stranger : strangers) {
                answered += Math.min(1, stranger.getInputStream().available());
            }
            assertThat(answered).isLessThan(30);
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
            postgres.execute("DROP SCHEMA slow CASCADE");
        }
    }

    @Test
    void saltsOfOneUserAreTheSameWhereverOneAsks() throws Exception {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(
                file, """
                databases:
                  d: {host: %s, port: %d, dbname: postgres, auth_user: %s, auth_password: asks}
                  other: {host: %s, port: %d}
                """.formatted(postgres.host(), postgres.port(), asker, postgres.host(), postgres.port()));
        try (RunningProxy proxy = RunningProxy.with(file, "client_auth", "scram", "failed_login_limit", "off")) {
            for (String user : List.of(role, "nobody")) {
                String here = LoginAttempt.at(proxy, "d", user, "wrong").exchange();
                for (String database : List.of("other", "unknown", "pgweir")) {
                    assertThat(LoginAttempt.at(proxy, database, user, "wrong").exchange())
                            .as(database)
                            .isEqualTo(here);
                }
            }
            LoginAttempt right = LoginAttempt.at(proxy, "other", role, "right");
            assertThat(right.outcome()).as("known in another database only").isEqualTo(refused(role));
            assertThat(right.exchange()).as("and not told that it is right").doesNotContain("R12");
        }
    }
}
