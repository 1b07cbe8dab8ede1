package io.pgweir.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What drivers set at their login and afterwards holds as on a connection of their own. Two of each run side by side through
 * backends that nobody gets twice in a row, one with the driver's settings and one with none.
 */
@Timeout(60)
class DriverSettingsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final List<Exchange> LOOKS = List.of(
            Exchange.query("SELECT v FROM whoami"),
            Exchange.unnamed("SHOW search_path"),
            Exchange.query("SHOW statement_timeout"),
            Exchange.unnamed("SELECT 1/3::float8, timestamptz '2024-07-01 12:00Z', date '2024-02-03'"),
            Exchange.query("SHOW application_name"),
            Exchange.query(
                    "SELECT name, setting FROM pg_settings WHERE source IN ('client', 'session') ORDER BY name"));

    private static String direct;
    private static String proxied;
    private static RunningProxy proxy;

    @BeforeAll
    static void open() throws SQLException {
        direct = prepared();
        proxied = prepared();
        proxy = RunningProxy.before(POSTGRES, "connection_limit", "2", "shuffle", "true");
    }

    private static String prepared() throws SQLException {
        String database = POSTGRES.createDatabase();
        try (Connection superuser = POSTGRES.connect(database)) {
            StateDatabase.prepare(superuser);
        }
        return database;
    }

    @AfterAll
    static void close() throws SQLException {
        proxy.awaitQuiet();
        proxy.close();
        POSTGRES.dropDatabase(direct);
        POSTGRES.dropDatabase(proxied);
    }

    static List<Program> logins() {
        List<Program> programs = new ArrayList<>();
        Map<String, String> nodePostgres = new LinkedHashMap<>();
        nodePostgres.put("client_encoding", "UTF8");
        nodePostgres.put("application_name", "node");
        nodePostgres.put("statement_timeout", "71000");
        nodePostgres.put("lock_timeout", "72000");
        nodePostgres.put("idle_in_transaction_session_timeout", "73000");
        nodePostgres.put("options", "-c search_path=\"odd\\ schema\"");
        programs.add(program(1, nodePostgres));
        programs.add(program(2, Map.of("client_encoding", "'utf-8'", "fallback_application_name", "x")));
        // Prisma: its engine's driver, with ?schema= and options of the URL, and the statements it begins with.
        programs.add(program(
                3,
                Map.of("client_encoding", "UTF8", "application_name", "prisma", "search_path", "\"odd schema\""),
                Exchange.query("SET search_path = \"odd schema\""),
                Exchange.query("SET application_name = 'prisma again'"),
                Exchange.query("BEGIN"),
                Exchange.unnamed("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
                Exchange.unnamed("SHOW transaction_isolation"),
                Exchange.query("COMMIT")));
        programs.add(program(
                4,
                Map.of("options", "-c statement_timeout=5min --search-path=public -c TimeZone=Asia/Tokyo"),
                Exchange.query("SET statement_timeout = 0"),
                Exchange.query("RESET statement_timeout"),
                Exchange.query("RESET ALL")));
        programs.add(program(6, Map.of("options", "-c search_path=\"odd\\ schema\""), Exchange.query("DISCARD ALL")));
        // pgjdbc: what it sends at login, and what setSchema and setReadOnly send.
        programs.add(program(
                5,
                Map.of(
                        "client_encoding",
                        "UTF8",
                        "DateStyle",
                        "ISO",
                        "TimeZone",
                        "Europe/Berlin",
                        "extra_float_digits",
                        "2",
                        "search_path",
                        "\"odd schema\", public"),
                Exchange.unnamed("SET extra_float_digits = 3"),
                Exchange.unnamed("SET application_name = 'PostgreSQL JDBC Driver'"),
                Exchange.unnamed("SET SESSION search_path TO 'odd schema'"),
                Exchange.unnamed("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"),
                Exchange.unnamed("SHOW transaction_read_only")));
        return programs;
    }

    private static Program program(int number, Map<String, String> startup, Exchange... more) {
        List<Exchange> exchanges = new ArrayList<>(LOOKS);
        for (Exchange exchange : more) {
            exchanges.add(exchange);
            exchanges.addAll(LOOKS);
        }
        return new Program(number, 0, startup, exchanges, true);
    }

    @ParameterizedTest
    @MethodSource("logins")
    void startupParametersHoldAsOnADirectConnection(Program program) throws Exception {
        List<String> expected = program.run(
                POSTGRES.host(), POSTGRES.port(), direct, POSTGRES.superuser(), POSTGRES.superuserPassword());
        Program plain = program(0, Map.of());
        List<String> plainExpected =
                plain.run(POSTGRES.host(), POSTGRES.port(), direct, POSTGRES.superuser(), POSTGRES.superuserPassword());
        // While all backends are busy, or being closed behind the program before, a login is accepted without one.
        proxy.awaitQuiet();
        Thread other = new Thread(() -> plain.run(proxy.host(), proxy.port(), proxied, "postgres", null));
        other.start();
        assertThat(program.run(proxy.host(), proxy.port(), proxied, "postgres", null))
                .isEqualTo(expected);
        other.join();
        assertThat(plain.run(proxy.host(), proxy.port(), proxied, "postgres", null))
                .isEqualTo(plainExpected);
    }

    /** Its owner goes on at once, while pgweir is still asking what the RESET has left. */
    @Test
    void aStartupSettingThatIsSetAgainAfterAResetIsNobodyElses() throws Exception {
        Map<String, String> login = Map.of("database", proxied, "user", "postgres");
        Map<String, String> owners = new HashMap<>(login);
        owners.put("search_path", "\"odd schema\"");
        try (RunningProxy single = RunningProxy.before(POSTGRES, "connection_limit", "1", "shuffle", "false");
                WireClient owner = WireClient.login(single.host(), single.port(), owners, null);
                WireClient other = WireClient.login(single.host(), single.port(), login, null)) {
            for (int round = 0; round < 20; round++) {
                owner.query("RESET search_path");
                assertThat(owner.value("SELECT v FROM whoami")).isEqualTo("odd");
                assertThat(other.value("SELECT v FROM whoami")).isEqualTo("public");
            }
        }
    }

    /** It goes on at once, while pgweir is still asking what is left. */
    @Test
    void startupSettingsHoldRightAfterDiscardAll() throws Exception {
        Map<String, String> login = Map.of("database", proxied, "user", "postgres", "DateStyle", "SQL, DMY");
        try (RunningProxy single = RunningProxy.before(
                        POSTGRES, "connection_limit", "1", "shuffle", "false", "sequence_state", "keep");
                WireClient client = WireClient.login(single.host(), single.port(), login, null)) {
            for (int round = 0; round < 20; round++) {
                client.query("INSERT INTO state_serial (v) VALUES ('keeps the backend')");
                client.query("DISCARD ALL");
                assertThat(client.value("SELECT date '2024-02-03'")).isEqualTo("03/02/2024");
            }
        }
    }

    static List<Map<String, String>> pgjdbc() {
        return List.of(
                Map.of(),
                Map.of("currentSchema", "\"odd schema\",public"),
                Map.of("currentSchema", "\"odd schema\"", "ApplicationName", "it's jdbc"),
                Map.of("options", "-c statement_timeout=71s -c search_path=public"),
                Map.of("readOnly", "true", "readOnlyMode", "always"),
                Map.of("preferQueryMode", "simple", "currentSchema", "\"odd schema\""));
    }

    @ParameterizedTest
    @MethodSource("pgjdbc")
    void pgjdbcSettingsHoldAsOnADirectConnection(Map<String, String> properties) throws Exception {
        List<String> expected = jdbc(POSTGRES.jdbcUrl(direct), POSTGRES.superuserPassword(), properties);
        try (Connection other = connect(proxy.jdbcUrl(proxied), null, Map.of())) {
            List<String> before = values(other);
            assertThat(jdbc(proxy.jdbcUrl(proxied), null, properties)).isEqualTo(expected);
            assertThat(values(other)).isEqualTo(before);
        }
    }

    /** Each of the things a program does with its settings, and what is in force after it. */
    private static List<String> jdbc(String url, String password, Map<String, String> properties) throws SQLException {
        List<String> seen = new ArrayList<>();
        try (Connection connection = connect(url, password, properties);
                Statement statement = connection.createStatement()) {
            seen.addAll(values(connection));
            for (String sql : new String[] {
                "SET TIME ZONE 'America/New_York'",
                "SET extra_float_digits = 0",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "RESET TimeZone"
            }) {
                statement.execute(sql);
                seen.addAll(values(connection));
            }
            connection.setSchema("public");
            connection.setReadOnly(true);
            seen.addAll(values(connection));
            connection.setReadOnly(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setClientInfo("ApplicationName", "renamed");
            connection.setAutoCommit(false);
            seen.addAll(values(connection));
            statement.execute("SET TIME ZONE 'Asia/Tokyo'");
            seen.addAll(values(connection));
            connection.rollback();
            seen.addAll(values(connection));
            connection.commit();
        }
        return seen;
    }

    private static Connection connect(String url, String password, Map<String, String> more) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(new HashMap<>(more));
        properties.setProperty("user", "postgres");
        if (password != null) {
            properties.setProperty("password", password);
        }
        return DriverManager.getConnection(url, properties);
    }

    private static List<String> values(Connection connection) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            for (String sql : new String[] {
                "SELECT v FROM whoami",
                "SELECT (1/3::float8)::text || ' ' || timestamptz '2024-07-01 12:00Z'",
                "SHOW transaction_isolation",
                "SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) FROM pg_settings"
                        + " WHERE source IN ('client', 'session')"
            }) {
                try (ResultSet row = statement.executeQuery(sql)) {
                    row.next();
                    values.add(row.getString(1));
                }
            }
        }
        values.add(connection.getSchema() + " " + connection.isReadOnly() + " " + connection.getTransactionIsolation()
                + " " + connection.getClientInfo());
        return values;
    }
}
