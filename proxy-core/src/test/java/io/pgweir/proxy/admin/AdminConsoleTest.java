package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in, what is understood, and that both protocols of every driver work. */
class AdminConsoleTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static RunningProxy proxy;

    @BeforeAll
    static void start() {
        proxy = RunningProxy.before(POSTGRES, Consoles.USERS);
    }

    @AfterAll
    static void stop() {
        proxy.close();
    }

    private static WireClient login(String database, String user) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, user, null);
    }

    // ---- who

    @ParameterizedTest
    @ValueSource(strings = {"pgweir", "pgbouncer"})
    void whoIsInNeitherListIsToldWhichSettingsLetIn(String database) {
        assertThatThrownBy(() -> login(database, "postgres"))
                .isInstanceOf(LoginRefused.class)
                .hasMessageContaining("42501")
                .hasMessageContaining("admin_users")
                .hasMessageContaining("stats_users");
    }

    @Test
    void statsUsersMayShowEverythingAndDoNothing() throws Exception {
        try (WireClient watcher = login("pgweir", "watcher")) {
            for (Command command : ConsoleReference.table()) {
                String answer =
                        watcher.query(command.name() + (command.argument().isRequired() ? " 1" : ""));
                if (command.isShow()) {
                    assertThat(answer).as(command.name()).startsWith("T").contains("C[SHOW]");
                } else {
                    assertThat(answer)
                            .as(command.name())
                            .isEqualTo("E[42501 permission denied: " + command.name()
                                    + " is for admin_users, and user \"watcher\" is none] Z[I]");
                }
            }
        }
    }

    @Test
    void theUsersOfTheUrlsMayLookUnlessOthersAreNamed() throws Exception {
        String url = "postgresql://postgres@" + POSTGRES.host() + ":" + POSTGRES.port() + "/postgres";
        try (RunningProxy other = RunningProxy.at(url);
                Connection console = Consoles.open(other, "pgweir", "postgres", "simple")) {
            assertThat(Consoles.rows(console, "SHOW DATABASES")).hasSize(1);
            assertThatThrownBy(() -> Consoles.run(console, "PAUSE")).hasMessageContaining("admin_users");
        }
    }

    @Test
    void thereIsRoomWhenNoMoreClientsAreTaken() throws Exception {
        try (RunningProxy full = RunningProxy.before(
                        POSTGRES, "admin_users", "dba", "stats_users", "watcher", "max_clients", "1");
                WireClient only = WireClient.login(full.host(), full.port(), "postgres", "postgres", null)) {
            assertThatThrownBy(() -> WireClient.login(full.host(), full.port(), "postgres", "postgres", null))
                    .hasMessageContaining("too many clients");
            try (Connection console = Consoles.open(full)) {
                assertThat(Consoles.rows(console, "SHOW CLIENTS")).hasSize(1);
                assertThat(Consoles.row(
                                console, "SHOW LISTS", row -> row.get("list").equals("used_clients")))
                        .containsEntry("items", "1");
            }
            assertThat(only.value("SELECT 1")).isEqualTo("1");
        }
    }

    // ---- what is understood

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SHOW PUOLS      | E[42601 unknown command \"SHOW PUOLS\"; did you mean 'SHOW POOLS'?] Z[I]",
                "PAUS            | E[42601 unknown command \"PAUS\"; did you mean 'PAUSE'?] Z[I]",
                "frobnicate      | E[42601 unknown command \"frobnicate\"] Z[I]",
                "SHOW POOLS now  | E[42601 wrong arguments: write SHOW POOLS] Z[I]",
                "KILL CLIENT     | E[42601 wrong arguments: write KILL CLIENT <id>] Z[I]",
                "KILL CLIENT 999 | E[42704 there is no client 999] Z[I]",
                "KILL BACKEND 1  | E[42704 there is no backend 1] Z[I]",
                "OPEN nowhere:1  | E[42704 no database uses the server nowhere:1] Z[I]",
                "SHOW FDS        | E[0A000 SHOW FDS has no meaning in pgweir] Z[I]",
                "RELOAD now      | E[42601 wrong arguments: write RELOAD] Z[I]",
                "SET connection_limit = 30 | E[0A000 \"connection_limit\" cannot be set in the console] Z[I]",
                "SET default_pool_size = 1 | E[42704 unrecognized configuration parameter \"default_pool_size\"] Z[I]",
                "SELECT * FROM pg_class    | E[0A000 the admin console runs no SQL] Z[I]",
                "SELECT 'a;b'; RECONNECT   | E[0A000 the admin console runs no SQL] Z[I]",
                "SELECT 1        | T[?column?] D[1] C[SELECT 1] Z[I]",
                "select version()          | T[version] D[development/pgweir] C[SELECT 1] Z[I]",
                "BEGIN           | C[BEGIN] Z[T]",
                "COMMIT          | C[COMMIT] Z[I]",
                "SET extra_float_digits = 3; set application_name to 'x' | C[SET] C[SET] Z[I]",
                "SHOW transaction isolation level | T[transaction_isolation] D[read committed] C[SHOW] Z[I]",
                "/* hm */ -- nothing       | I Z[I]",
                ";; show  /* all */ version ;; | T[version] D[pgweir development (Java 17)] C[SHOW] Z[I]",
            })
    void itSaysWhatItDoesNotUnderstandAndTakesWhatDriversSay(String sql, String answer) throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            String expected =
                    answer.replace("Java 17", "Java " + Runtime.version().feature());
            assertThat(client.query(sql)).isEqualTo(expected);
        }
    }

    @Test
    void aMistakeInOneCommandKeepsTheOthersOfItsQueryFromBeingRun() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            assertThat(client.query("DRAIN; SHOW NOTHING")).startsWith("E[42601");
            assertThat(client.query("SHOW STATE")).contains("D[drained|no]");
        }
    }

    @Test
    void anErrorInAPipelineSkipsToSync() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            String answer = client.exchange(
                    Frontend.parse("s", "SHOW STATE"),
                    Frontend.describeStatement("s"),
                    Frontend.bind("", "s"),
                    Frontend.execute("", 2),
                    Frontend.execute("", 0),
                    Frontend.bind("", "none"),
                    Frontend.execute("", 0),
                    Frontend.sync());
            assertThat(answer)
                    .isEqualTo("1 t[] T[key|value] 2 D[active|yes] D[paused|no] s D[suspended|no] D[drained|no]"
                            + " D[shutting_down|no] C[SHOW] E[26000 prepared statement \"none\" does not exist] Z[I]");
            assertThat(client.exchange(
                            Frontend.parse("s", "SHOW STATE"), Frontend.parse("t", "SHOW STATE"), Frontend.sync()))
                    .isEqualTo("E[42P05 prepared statement \"s\" already exists] Z[I]");
            assertThat(client.exchange(
                            Frontend.parse("", "SHOW STATE; SHOW STATE"), Frontend.bind("", "s"), Frontend.sync()))
                    .isEqualTo("E[42601 cannot insert multiple commands into a prepared statement] Z[I]");
            assertThat(client.exchange(Frontend.bind("", "s", "x"), Frontend.sync()))
                    .startsWith("E[08P01 bind message supplies 1 parameters");
            assertThat(client.exchange(Frontend.closeStatement("s"), Frontend.bind("", "s"), Frontend.sync()))
                    .isEqualTo("3 E[26000 prepared statement \"s\" does not exist] Z[I]");
            assertThat(client.exchange(Frontend.unnamed("", new String[0]), Frontend.sync()))
                    .endsWith("Z[I]");
        }
    }

    @Test
    void aResultIsKeptNoLongerThanItIsNeededAndFewAtATime() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            client.send(Frontend.parse("s", "SHOW STATE"));
            for (int i = 0; i < 5; i++) {
                client.send(Frontend.bind("p" + i, "s"), Frontend.execute("p" + i, 1));
            }
            String key = " D[active|yes] s";
            assertThat(client.exchange(Frontend.sync()))
                    .startsWith("1" + (" 2" + key).repeat(4) + " 2 E[53400 4 portals have rows");
            client.query("BEGIN");
            String rest = " D[paused|no] D[suspended|no] D[drained|no] D[shutting_down|no] C[SHOW]";
            for (int i = 0; i < 5; i++) { // none is left open
                assertThat(client.exchange(
                                Frontend.bind("p" + i, "s"),
                                Frontend.execute("p" + i, 1),
                                Frontend.execute("p" + i, Integer.MAX_VALUE),
                                Frontend.execute("p" + i, 0),
                                Frontend.sync()))
                        .isEqualTo("2" + key + rest + " C[SHOW] Z[T]");
            }
            client.query("COMMIT");
        }
    }

    @Test
    void whoReadsLateGetsEverythingInOrder() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            byte[][] queries = new byte[20][]; // more than the sockets take
            java.util.Arrays.fill(queries, Frontend.query("SHOW CONFIG; SHOW VERSION;".repeat(50)));
            client.send(queries);
            String first = null;
            for (int i = 0; i < queries.length; i++) {
                String answer = ServerMessage.transcript(client.readUntilReady());
                first = first == null ? answer : first;
                assertThat(answer).isEqualTo(first);
            }
            assertThat(first.split("C\\[SHOW\\]", -1)).hasSize(101);
        }
    }

    @Test
    void messagesThatAreNoneCloseTheConnection() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            client.send(Frontend.query("x".repeat(70_000)));
            List<ServerMessage> last = client.readUntilClosed();
            assertThat(last).hasSize(1);
            assertThat(last.get(0).toString()).contains("54000");
        }
        try (WireClient client = login("pgweir", "dba")) {
            client.send(Frontend.raw('!', new byte[3]));
            assertThat(client.readUntilClosed().toString()).contains("08P01");
        }
    }

    // ---- drivers

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"})
    void pgjdbcReadsEveryShowAgainAndAgainInTextAndBinary(String mode) throws Exception {
        try (Connection console = Consoles.open(proxy, "pgweir", "dba", mode);
                Connection client = java.sql.DriverManager.getConnection(proxy.jdbcUrl("postgres"))) {
            client.setAutoCommit(false);
            client.createStatement().execute("SELECT 1");
            for (Command command : ConsoleReference.table()) {
                if (command.isShow()) {
                    try (PreparedStatement statement = console.prepareStatement(command.name())) {
                        for (int i = 0; i < 7; i++) { // named from the fifth on, and binary what can be
                            read(command, statement);
                        }
                    }
                }
            }
            assertThat(console.isValid(1)).isTrue();
            assertThat(console.getTransactionIsolation()).isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
            console.setAutoCommit(false);
            try (java.sql.Statement statement = console.createStatement()) {
                statement.setFetchSize(2); // portals that are asked for more
                assertThat(Consoles.rows(statement.executeQuery("SHOW CONFIG"))).hasSizeGreaterThan(20);
            }
            console.commit();
            console.rollback();
            client.rollback();
        }
    }

    private static void read(Command command, PreparedStatement statement) throws SQLException {
        try (ResultSet result = statement.executeQuery()) {
            while (result.next()) {
                for (int i = 1; i <= command.columns().size(); i++) {
                    Column column = command.columns().get(i - 1);
                    assertThat(result.getMetaData().getColumnName(i)).isEqualTo(column.name());
                    Object value = result.getObject(i);
                    if (value != null) {
                        assertThat(value)
                                .as("%s.%s", command.name(), column.name())
                                .isInstanceOf(
                                        switch (column.type()) {
                                            case TEXT -> String.class;
                                            case INT4 -> Integer.class;
                                            case INT8 -> Long.class;
                                            case FLOAT8 -> Double.class;
                                        });
                    }
                }
            }
        }
    }

    /** As prometheus-community/pgbouncer_exporter does: columns by name or number, numbers from their text. */
    @Test
    void theQueriesOfPgbouncerExporterGiveWhatItReads() throws Exception {
        try (Connection client = java.sql.DriverManager.getConnection(proxy.jdbcUrl("postgres"));
                Connection console = Consoles.open(proxy, "pgbouncer", "watcher", "simple")) {
            for (int i = 0; i < 25; i++) {
                client.createStatement().execute("SELECT 1");
            }
            assertThat(Consoles.rows(console, "SHOW STATS")).isNotEmpty();
            assertThat(Consoles.rows(console, "SHOW VERSION;").get(0).keySet()).containsExactly("version");
            for (Map<String, String> row : Consoles.rows(console, "SHOW LISTS;")) {
                assertThat(row).hasSize(2);
                Double.parseDouble(row.get("items"));
            }
            List<Map<String, String>> config = Consoles.rows(console, "SHOW CONFIG;");
            assertThat(config)
                    .allSatisfy(
                            row -> assertThat(row.keySet()).containsExactly("key", "value", "default", "changeable"));
            assertThat(config)
                    .filteredOn(row -> row.get("key").equals("max_client_conn"))
                    .allSatisfy(row ->
                            assertThat(Double.parseDouble(row.get("value"))).isEqualTo(10_000));
            Map<String, String> totals = Consoles.row(
                    console, "SHOW stats_totals;", row -> row.get("database").equals("postgres"));
            for (String counter : List.of("query_count", "query_time", "wait_time", "xact_count", "xact_time")) {
                assertThat(Double.parseDouble(totals.get(counter))).as(counter).isNotNegative();
            }
            assertThat(Long.parseLong(totals.get("query_count"))).isGreaterThanOrEqualTo(25);
            assertThat(totals).containsKeys("bytes_received", "bytes_sent", "client_parse_count");
            Map<String, String> pool = Consoles.row(
                    console, "SHOW pools;", row -> row.get("database").equals("postgres"));
            assertThat(pool).hasSize(17).containsEntry("user", "postgres");
            for (String gauge : List.of("cl_active", "cl_waiting", "sv_active", "sv_idle", "sv_used", "maxwait")) {
                assertThat(Double.parseDouble(pool.get(gauge))).as(gauge).isNotNegative();
            }
            assertThat(Consoles.row(
                            console, "SHOW databases;", row -> row.get("name").equals("postgres")))
                    .containsEntry("pool_size", "20")
                    .containsEntry("paused", "0")
                    .containsEntry("disabled", "0")
                    .containsKeys("host", "port", "force_user", "max_connections", "current_connections");
        }
    }

    // ---- what SHOW CONFIG keeps to itself

    @Test
    void passwordsAreNotShown() throws Exception {
        String url = "postgresql://postgres:hush-hush@" + POSTGRES.host() + ":" + POSTGRES.port() + "/postgres";
        try (RunningProxy other = RunningProxy.at(url, "admin_users", "dba", "connection_limit", "7");
                Connection console = Consoles.open(other)) {
            List<Map<String, String>> config = Consoles.rows(console, "SHOW CONFIG");
            assertThat(config.toString()).doesNotContain("hush-hush");
            assertThat(config)
                    .filteredOn(row -> row.get("key").equals("connection_limit"))
                    .first()
                    .satisfies(row -> {
                        assertThat(row).containsEntry("value", "7").containsEntry("default", "20");
                        assertThat(row)
                                .containsEntry("source", "--connection-limit")
                                .containsEntry("changeable", "yes");
                    });
        }
    }

    @Test
    void whoCancelsNothingHarmsNobody() throws Exception {
        try (WireClient client = login("pgweir", "dba")) {
            client.cancel();
            await().untilAsserted(() -> assertThat(client.query("SHOW VERSION")).contains("C[SHOW]"));
        }
    }
}
