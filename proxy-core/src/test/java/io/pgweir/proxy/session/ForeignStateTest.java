package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.raw;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.terminate;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ways in which one client's session once came to another, on one backend: through settings that fail, code that is not
 * looked at, encodings, and clients that leave in the wrong moment. The login is nobody special.
 */
@Timeout(60)
class ForeignStateTest {
    private static final String USER = TestRole.TRUST.user();

    private final RealPostgres postgres = RealPostgres.get();
    private final List<AutoCloseable> open = new ArrayList<>();
    private String database = "";
    private String role = "";

    @BeforeEach
    void create() throws Exception {
        database = postgres.createDatabase();
        role = "r_" + database;
        postgres.execute("CREATE ROLE " + role);
        postgres.execute("GRANT " + role + " TO " + USER);
        setUp(
                "CREATE SCHEMA mine",
                "GRANT ALL ON SCHEMA mine TO public",
                "CREATE FUNCTION become(who text) RETURNS text LANGUAGE plpgsql AS"
                        + " $$ BEGIN RETURN set_config('role', who, false); END $$",
                "CREATE FUNCTION set_memory() RETURNS text LANGUAGE plpgsql AS"
                        + " $$ BEGIN RETURN set_config('work_mem', '7MB', false); END $$");
    }

    @AfterEach
    void drop() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        postgres.dropDatabase(database);
        postgres.execute("DROP ROLE " + role);
    }

    private void setUp(String... statements) throws Exception {
        try (Connection connection = postgres.connect(database)) {
            for (String sql : statements) {
                connection.createStatement().execute(sql);
            }
        }
    }

    private RunningProxy proxy(String... settings) throws IOException {
        List<String> all = new ArrayList<>(List.of("connection_limit", "1", "shuffle", "false"));
        all.addAll(List.of(settings));
        RunningProxy proxy = RunningProxy.before(postgres, all.toArray(String[]::new));
        open.add(proxy);
        return proxy;
    }

    private WireClient login(RunningProxy proxy, String... startup) throws IOException {
        Map<String, String> all = new java.util.HashMap<>(Map.of("user", USER, "database", database));
        for (int i = 0; i < startup.length; i += 2) {
            all.put(startup[i], startup[i + 1]);
        }
        WireClient client = WireClient.login(proxy.host(), proxy.port(), all, null);
        open.add(client);
        return client;
    }

    @Test
    void aRoleThatCodeHasSetIsNobodyElses() throws Exception {
        RunningProxy proxy = proxy("state_check_sample", "0");
        WireClient one = login(proxy);
        assertThat(one.value("SELECT become('" + role + "')")).isEqualTo(role);
        assertThat(login(proxy).value("SELECT current_user")).isEqualTo(USER);
    }

    @Test
    void settingsThatFailBehindAClientThatHasGoneAreNobodyElses() throws Exception {
        RunningProxy proxy = proxy();
        setUp("CREATE TEXT SEARCH CONFIGURATION public.tsc (COPY = english)");
        WireClient one = login(proxy);
        one.query("SET default_text_search_config = 'public.tsc'");
        setUp("DROP TEXT SEARCH CONFIGURATION public.tsc");
        WireClient other = login(proxy);
        other.query("SET search_path = mine");
        other.query("SET ROLE " + role);
        proxy.awaitQuiet();
        one.send(join(query("SELECT 1"), terminate()));
        one.readUntilClosed();
        assertThat(login(proxy).value("SELECT current_user || current_schemas(false)::text"))
                .isEqualTo(USER + "{public}");
    }

    @Test
    void valuesOfAnyEncodingStayTheirOwn() throws Exception {
        RunningProxy proxy = proxy();
        WireClient one = login(proxy, "client_encoding", "LATIN1");
        WireClient other = login(proxy, "client_encoding", "LATIN1");
        one.send(latin("SET app.tenant = '\u00e9'")).readUntilReady();
        other.send(latin("SET app.tenant = '\u00e8'")).readUntilReady();
        String code = "SELECT ascii(current_setting('app.tenant'))";
        for (int i = 0; i < 2; i++) {
            assertThat(one.value(code)).isEqualTo("233");
            assertThat(other.value(code)).isEqualTo("232");
        }
    }

    private static byte[] latin(String sql) {
        return raw('Q', (sql + "\0").getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void anEncodingDoesNotSpoilTheSettingsOfOthers() throws Exception {
        RunningProxy proxy = proxy();
        WireClient one = login(proxy);
        WireClient other = login(proxy, "client_encoding", "UTF8");
        other.query("SET app.tenant = 'Z\u00fcrich'");
        one.query("SET client_encoding = 'LATIN1'");
        assertThat(other.value("SELECT current_setting('app.tenant')")).isEqualTo("Z\u00fcrich");
        assertThat(one.value("SHOW client_encoding")).isEqualTo("LATIN1");
        assertThat(other.value("SHOW client_encoding")).isEqualTo("UTF8");
    }

    /** The client leaves while its backend is asked, or cleaned, or before: at another moment in each round. */
    @Test
    void whatIsBeingCleanedWhenItsOwnerLeavesIsNobodyElses() throws Exception {
        FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
        open.add(network);
        RunningProxy proxy = RunningProxy.before(network, "connection_limit", "1", "on_unsafe_state", "ignore");
        open.add(proxy);
        String tables = "";
        for (int i = 0; i < 30; i++) {
            tables += "CREATE TEMP TABLE t" + i + " (a int);";
        }
        WireClient next = login(proxy);
        for (int round = 0; round < 16; round++) {
            WireClient one = login(proxy);
            network.toClient().delay(Duration.ofMillis(4));
            network.toServer().delay(Duration.ofMillis(4));
            assertThat(one.query(tables)).endsWith("Z[I]");
            LockSupport.parkNanos(round * 2_000_000L);
            one.reset();
            assertThat(next.value("SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()"))
                    .as("temporary tables of somebody else, round %d", round)
                    .isEqualTo("0");
        }
    }

    @Test
    void whatCompletesAfterItsClientHasGoneIsNobodyElses() throws Exception {
        RunningProxy proxy = proxy();
        for (int round = 0; round < 5; round++) {
            WireClient one = login(proxy);
            one.send(join(query("LISTEN somebody"), terminate()));
            one.readUntilClosed();
            assertThat(login(proxy).value("SELECT count(*) FROM pg_listening_channels()"))
                    .isEqualTo("0");
        }
        WireClient loader = login(proxy, "user", "postgres");
        String pid = loader.value("SELECT pg_backend_pid()");
        loader.send(join(query("LOAD 'auto_explain'"), terminate()));
        loader.readUntilClosed();
        WireClient next = login(proxy, "user", "postgres");
        await().untilAsserted(() ->
                assertThat(next.value("SELECT pg_backend_pid()")).isNotNull().isNotEqualTo(pid));
    }

    @Test
    void codeBehindDiscardAllInOneUnitIsNobodyElses() throws Exception {
        RunningProxy proxy = proxy("state_check_sample", "0");
        WireClient one = login(proxy);
        one.exchange(unnamed("DISCARD ALL"), unnamed("SELECT set_memory()"), sync());
        assertThat(login(proxy).value("SHOW work_mem")).isEqualTo("4MB");
    }

    @Test
    void aSettingThatOtherBackendsMayRefuseKeepsItsClientThere() throws Exception {
        // Both may keep their backends: which of them is looked at first is left to chance.
        RunningProxy proxy = proxy("connection_limit", "2", "max_pinned", "2", "event_loops", "1");
        WireClient one = login(proxy);
        WireClient other = login(proxy);
        other.query("SET temp_buffers = '3MB'");
        one.query("CREATE TEMP TABLE used AS SELECT 1 AS a");
        one.query("DROP TABLE used");
        for (int i = 0; i < 4; i++) {
            assertThat(other.value("SHOW temp_buffers")).isEqualTo("3MB");
            assertThat(one.value("SHOW temp_buffers")).isEqualTo("8MB");
        }
    }
}
