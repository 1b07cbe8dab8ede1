package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.Security;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client asks for at its login, it has; on every backend. */
class StartupTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database;

    @BeforeEach
    void create() throws Exception {
        database = postgres.createDatabase();
    }

    @AfterEach
    void drop() throws Exception {
        postgres.dropDatabase(database);
    }

    @Test
    void addressesAreNotKept() {
        RunningProxy.before(postgres).close();
        assertThat(Security.getProperty("networkaddress.cache.ttl")).isEqualTo("1");
    }

    @Test
    void everyParameterHoldsOnWhicheverBackend() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "2", "shuffle", "true");
                WireClient picky = login(
                        proxy,
                        "application_name",
                        "it's \"picky\"",
                        "client_encoding",
                        "LATIN1",
                        "DateStyle",
                        "German",
                        "TimeZone",
                        "Asia/Tokyo",
                        "search_path",
                        "\"My Schema\", public",
                        "extra_float_digits",
                        "1",
                        "options",
                        "-c work_mem=7MB --my.own=one\\ two -cenable_seqscan=off");
                WireClient plain = login(proxy)) {
            for (int round = 0; round < 6; round++) {
                assertThat(picky.value("SHOW application_name")).isEqualTo("it's \"picky\"");
                assertThat(plain.value("SHOW application_name")).isEmpty();
                assertThat(picky.value("SHOW client_encoding")).isEqualTo("LATIN1");
                assertThat(plain.value("SHOW client_encoding")).isEqualTo("UTF8");
                assertThat(picky.value("SELECT DATE '2024-02-03'")).isEqualTo("03.02.2024");
                assertThat(plain.value("SELECT DATE '2024-02-03'")).isEqualTo("2024-02-03");
                assertThat(picky.value("SHOW TimeZone")).isEqualTo("Asia/Tokyo");
                assertThat(picky.value("SHOW search_path")).isEqualTo("\"My Schema\", public");
                assertThat(plain.value("SHOW search_path")).isEqualTo("\"$user\", public");
                assertThat(picky.value("SHOW work_mem")).isEqualTo("7MB");
                assertThat(plain.value("SHOW work_mem")).isNotEqualTo("7MB");
                assertThat(picky.value("SHOW my.own")).isEqualTo("one two");
                assertThat(picky.value("SHOW enable_seqscan")).isEqualTo("off");
                assertThat(plain.value("SHOW enable_seqscan")).isEqualTo("on");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aLoginTellsWhatPostgresTells(String mode) throws Exception {
        String[] asked = {
            "DateStyle", "SQL, DMY", "TimeZone", "PST8PDT", "application_name", "told", "IntervalStyle", "iso_8601"
        };
        Map<String, String> expected;
        try (WireClient direct =
                WireClient.login(postgres.host(), postgres.port(), startup(asked), postgres.superuserPassword())) {
            expected = direct.parameters();
        }
        try (RunningProxy proxy = RunningProxy.before(postgres, "pool_mode", mode)) {
            for (int round = 0; round < 2; round++) {
                try (WireClient client = login(proxy, asked)) {
                    assertThat(client.parameters()).isEqualTo(expected);
                }
            }
        }
    }

    static Stream<Arguments> badValues() {
        return Stream.of("transaction", "session")
                .flatMap(mode -> Stream.of(
                        Arguments.of(mode, "DateStyle", "nonsense"),
                        Arguments.of(mode, "TimeZone", "Nowhere/Else"),
                        Arguments.of(mode, "client_encoding", "EBCDIC"),
                        Arguments.of(mode, "extra_float_digits", "99"),
                        Arguments.of(mode, "work_mem", "lots"),
                        Arguments.of(mode, "no_such_parameter", "1"),
                        Arguments.of(mode, "options", "-c work_mem=lots"),
                        Arguments.of(mode, "options", "-c no_such_parameter=1"),
                        Arguments.of(mode, "options", "--shared_buffers=1MB"),
                        Arguments.of(mode, "options", "-c"),
                        Arguments.of(mode, "options", "-c x"),
                        Arguments.of(mode, "options", "-c ="),
                        Arguments.of(mode, "options", "-c=")));
    }

    @ParameterizedTest(name = "{0}: {1} = {2}")
    @MethodSource("badValues")
    void aBadValueIsRefusedAsPostgresDoes(String mode, String name, String value) throws Exception {
        String expected = refusal(() ->
                WireClient.login(postgres.host(), postgres.port(), startup(name, value), postgres.superuserPassword()));
        try (RunningProxy proxy = RunningProxy.before(postgres, "pool_mode", mode)) {
            assertThat(refusal(() -> login(proxy, name, value))).isEqualTo(expected);
            try (WireClient good = login(proxy)) {
                assertThat(good.value("SELECT 1")).isEqualTo("1");
            }
        }
    }

    @Test
    void aBadValueThatNobodyCouldCheckHurtsItsClientOnly() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
                WireClient busy = login(proxy)) {
            busy.query("BEGIN");
            busy.query("SELECT 1");
            try (WireClient bad = login(proxy, "DateStyle", "nonsense")) {
                busy.query("COMMIT");
                assertThat(bad.query("SELECT 1")).startsWith("E[");
                assertThat(busy.value("SELECT 2")).isEqualTo("2");
            }
        }
    }

    @Test
    void aLoginWhileEveryBackendIsBusyIsNotToldWhatAnotherClientHasAskedFor() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
                WireClient picky = login(proxy, "DateStyle", "German", "TimeZone", "Asia/Tokyo")) {
            picky.query("BEGIN");
            picky.query("SELECT 1");
            try (WireClient plain = login(proxy)) {
                assertThat(plain.parameters())
                        .containsEntry("DateStyle", "ISO, MDY")
                        .doesNotContainEntry("TimeZone", "Asia/Tokyo");
                picky.query("COMMIT");
                assertThat(plain.query("SHOW DateStyle")).endsWith("T[DateStyle] D[ISO, MDY] C[SHOW] Z[I]");
            }
        }
    }

    @Test
    void sessionModeGivesTheRealProcessAndItsDefaults() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "pool_mode", "session");
                WireClient client = login(proxy, "DateStyle", "German", "options", "-c work_mem=9MB")) {
            assertThat(client.value("SELECT pg_backend_pid()")).isEqualTo(String.valueOf(client.pid()));
            client.query("SET DateStyle = ISO");
            client.query("RESET DateStyle");
            assertThat(client.value("SHOW DateStyle")).isEqualTo("German, DMY");
            client.query("SET work_mem = '1MB'");
            client.query("RESET ALL");
            assertThat(client.value("SHOW work_mem")).isEqualTo("9MB");
            client.query("DISCARD ALL");
            assertThat(client.value("SHOW DateStyle")).isEqualTo("German, DMY");
        }
    }

    @Test
    void sessionModeUsesABackendAgainForTheSameParametersOnly() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "pool_mode", "session", "connection_limit", "1")) {
            for (String style : new String[] {"German", "German", "SQL", "German"}) {
                try (WireClient client = login(proxy, "DateStyle", style)) {
                    assertThat(client.value("SHOW DateStyle")).startsWith(style);
                    client.query("CREATE TEMP TABLE mine (a int)");
                    client.query("SET TimeZone = 'Asia/Tokyo'");
                    client.send(io.pgweir.proxy.testkit.Frontend.terminate());
                }
            }
            try (WireClient client = login(proxy, "DateStyle", "German")) {
                assertThat(client.query("SELECT * FROM mine")).startsWith("E[42P01");
                assertThat(client.value("SHOW TimeZone")).isNotEqualTo("Asia/Tokyo");
            }
        }
    }

    @Test
    void databasesAndRolesMadeWhileItRunsWork() throws Exception {
        String role = "late_" + database;
        try (RunningProxy proxy = RunningProxy.before(postgres)) {
            assertThat(refusal(() -> WireClient.login(proxy.host(), proxy.port(), database, role, null)))
                    .startsWith("E[28000");
            postgres.execute("CREATE ROLE " + role + " LOGIN");
            String late = postgres.createDatabase();
            try (WireClient client = WireClient.login(proxy.host(), proxy.port(), late, role, null)) {
                assertThat(client.value("SELECT current_user || ' ' || current_database()"))
                        .isEqualTo(role + " " + late);
            }
            proxy.awaitQuiet();
            postgres.dropDatabase(late);
        }
        postgres.execute("DROP ROLE " + role);
    }

    @Test
    void anUnknownDatabaseIsRefused() throws Exception {
        try (RunningProxy any = RunningProxy.before(postgres);
                RunningProxy one =
                        RunningProxy.at("postgresql://" + postgres.host() + ":" + postgres.port() + "/" + database)) {
            assertThat(refusal(() -> WireClient.login(any.host(), any.port(), "no_such_db", "postgres", null)))
                    .startsWith("E[3D000");
            assertThat(refusal(() -> WireClient.login(one.host(), one.port(), "no_such_db", "postgres", null)))
                    .startsWith("E[3D000");
        }
    }

    @Test
    void tooManyClientsAreRefusedAndAPlaceThatIsFreeIsFree() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "max_clients", "2");
                WireClient one = login(proxy)) {
            for (int round = 0; round < 5; round++) {
                try (WireClient two = login(proxy)) {
                    assertThat(refusal(() -> login(proxy))).startsWith("E[53300");
                    two.send(io.pgweir.proxy.testkit.Frontend.terminate()).readUntilClosed();
                }
            }
            assertThat(one.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void aLoginIsAcceptedWhileTheDatabaseIsDown() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (RunningProxy proxy = RunningProxy.at("postgresql://127.0.0.1:" + port + "/*");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "d", "u", null)) {
            assertThat(client.parameters()).containsKeys("server_version", "client_encoding", "DateStyle");
            for (int i = 0; i < 3; i++) {
                assertThat(client.query("SELECT 1"))
                        .startsWith("E[57P03")
                        .contains("refused")
                        .endsWith("Z[I]");
            }
            assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
            assertThat(client.query("SELECT 1")).startsWith("E[57P03").endsWith("Z[E]");
            assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
        }
    }

    @Test
    void aServerThatRefusesIsQuoted() throws Exception {
        try (FakePostgres server = FakePostgres.refusing("28000", "no pg_hba.conf entry");
                RunningProxy proxy = RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*")) {
            assertThat(refusal(() -> WireClient.login(proxy.host(), proxy.port(), "d", "u", null)))
                    .startsWith("E[28000")
                    .contains("no pg_hba.conf entry");
        }
    }

    /** Opens a connection, which is expected to fail. */
    interface Login {
        WireClient open() throws IOException;
    }

    private static String refusal(Login login) {
        String[] text = new String[1];
        assertThatThrownBy(() -> login.open().close())
                .isInstanceOfSatisfying(LoginRefused.class, e -> text[0] = e.getMessage());
        return text[0];
    }

    private Map<String, String> startup(String... pairs) {
        Map<String, String> startup = new HashMap<>(Map.of("user", "postgres", "database", database));
        for (int i = 0; i < pairs.length; i += 2) {
            startup.put(pairs[i], pairs[i + 1]);
        }
        return startup;
    }

    private WireClient login(RunningProxy proxy, String... pairs) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), startup(pairs), null);
    }
}
