package io.pgweir.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** The PostgreSQL JDBC driver, with each of its ways of sending statements. */
@Timeout(60)
class PgjdbcTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
        try (Connection connection = POSTGRES.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("create table item(id int primary key, name text, price numeric)");
            statement.execute("insert into item select i, 'item ' || i, i / 4.0 from generate_series(1, 2000) i");
            statement.execute("create table log(client int, seq int, note text)");
        }
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    private static Connection open(RunningProxy proxy, String options) throws SQLException {
        return DriverManager.getConnection(proxy.jdbcUrl(database) + options);
    }

    @ParameterizedTest
    @CsvSource({
        "TRANSACTION,1",
        "TRANSACTION,5",
        "TRANSACTION,-1",
        "TRANSACTION,0",
        "SHUFFLE,1",
        "SHUFFLE,5",
        "SHUFFLE,-1",
        "SESSION,1",
        "SESSION,-1"
    })
    void manyConnectionsPrepareAndEachGetsItsOwnRows(Setup setup, int prepareThreshold) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            String options = "&prepareThreshold=" + prepareThreshold + "&preparedStatementCacheQueries=8";
            together(Setup.CONNECTIONS, number -> {
                Random random = new Random(number);
                try (Connection connection = open(proxy, options)) {
                    for (int i = 0; i < 60; i++) {
                        connection.setAutoCommit(random.nextInt(3) > 0);
                        String column = random.nextBoolean() ? "name" : "price";
                        String sql = "select id, " + column + ", ?::int as client, " + random.nextInt(6)
                                + " as form from item where id = ?";
                        try (PreparedStatement statement = connection.prepareStatement(sql)) {
                            int id = 1 + random.nextInt(2_000);
                            statement.setInt(1, number);
                            statement.setInt(2, id);
                            try (ResultSet rows = statement.executeQuery()) {
                                assertThat(rows.next()).isTrue();
                                assertThat(rows.getInt("id")).isEqualTo(id);
                                assertThat(rows.getInt("client")).isEqualTo(number);
                                if (column.equals("name")) {
                                    assertThat(rows.getString(2)).isEqualTo("item " + id);
                                } else {
                                    assertThat(rows.getDouble(2)).isEqualTo(id / 4.0);
                                }
                                assertThat(rows.next()).isFalse();
                            }
                        }
                        if (!connection.getAutoCommit()) {
                            connection.commit();
                        }
                    }
                }
            });
            assertThat(POSTGRES.backendsOf(database)).isLessThanOrEqualTo(setup.limit());
            proxy.awaitQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchesInsertEveryRowOnce(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            for (String options :
                    List.of("&reWriteBatchedInserts=true", "&reWriteBatchedInserts=false&prepareThreshold=1")) {
                together(6, number -> {
                    try (Connection connection = open(proxy, options)) {
                        connection.setAutoCommit(number % 2 == 0);
                        try (PreparedStatement statement =
                                connection.prepareStatement("insert into log values (?, ?, ?)")) {
                            for (int i = 0; i < 700; i++) {
                                statement.setInt(1, number);
                                statement.setInt(2, i);
                                statement.setString(3, "note " + i);
                                statement.addBatch();
                            }
                            assertThat(statement.executeBatch()).hasSize(700);
                        }
                        if (!connection.getAutoCommit()) {
                            connection.commit();
                        }
                    }
                });
                try (Connection direct = POSTGRES.connect(database)) {
                    assertThat(value(direct, "select count(*) || ' ' || count(distinct (client, seq)) from log"))
                            .isEqualTo("4200 4200");
                    direct.createStatement().execute("truncate log");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TRANSACTION,always", "SHUFFLE,always", "SHUFFLE,conservative", "SESSION,always"})
    void autosaveSurvivesErrorsInsideTransactions(Setup setup, String autosave) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "&prepareThreshold=1&autosave=" + autosave)) {
            connection.setAutoCommit(false);
            for (int i = 0; i < 10; i++) {
                assertThat(value(connection, "select name from item where id = 7"))
                        .isEqualTo("item 7");
                if (autosave.equals("always")) {
                    assertThatThrownBy(() -> value(connection, "select 1 / (id - id) from item where id = 1"))
                            .hasMessageContaining("division by zero");
                }
                assertThat(value(connection, "select count(*) from item")).isEqualTo("2000");
                connection.commit();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCursorWithAFetchSizeReadsEveryRowInPages(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            together(8, number -> {
                try (Connection connection = open(proxy, "&prepareThreshold=" + (number % 3))) {
                    connection.setAutoCommit(false);
                    try (PreparedStatement statement =
                            connection.prepareStatement("select id, ? from item order by id")) {
                        statement.setInt(1, number);
                        statement.setFetchSize(77);
                        try (ResultSet rows = statement.executeQuery()) {
                            int expected = 0;
                            while (rows.next()) {
                                expected++;
                                assertThat(rows.getInt(1)).isEqualTo(expected);
                                assertThat(rows.getString(2)).isEqualTo(String.valueOf(number));
                            }
                            assertThat(expected).isEqualTo(2_000);
                        }
                    }
                    connection.commit();
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void copyInAndOut(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "");
                Statement statement = connection.createStatement()) {
            var copy = connection.unwrap(PGConnection.class).getCopyAPI();
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 20_000; i++) {
                lines.append(1)
                        .append('\t')
                        .append(i)
                        .append("\tline ")
                        .append(i)
                        .append('\n');
            }
            byte[] data = lines.toString().getBytes(StandardCharsets.UTF_8);
            assertThat(copy.copyIn("copy log from stdin", new ByteArrayInputStream(data)))
                    .isEqualTo(20_000);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(copy.copyOut("copy (select * from log order by seq) to stdout", out))
                    .isEqualTo(20_000);
            assertThat(out.toByteArray()).isEqualTo(data);
            assertThatThrownBy(() -> copy.copyIn(
                            "copy log from stdin",
                            new ByteArrayInputStream("not,three,columns\n".getBytes(StandardCharsets.UTF_8))))
                    .isInstanceOf(SQLException.class);
            var canceled = copy.copyIn("copy log from stdin");
            canceled.writeToCopy(data, 0, 1000);
            canceled.cancelCopy();
            assertThat(value(connection, "select count(*) from log")).isEqualTo("20000");
            statement.execute("truncate log");
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeObjectsByFastPathCalls(Setup setup) throws Exception {
        byte[] content = new byte[300_000];
        new Random(1).nextBytes(content);
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "")) {
            connection.setAutoCommit(false);
            LargeObjectManager objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
            long oid = objects.createLO();
            try (LargeObject object = objects.open(oid)) {
                object.write(content);
            }
            connection.commit();
            try (LargeObject object = objects.open(oid)) {
                assertThat(Arrays.equals(object.read(content.length), content)).isTrue();
            }
            objects.delete(oid);
            connection.commit();
        }
    }

    @ParameterizedTest
    @EnumSource
    void deallocateAllOfOneConnectionLeavesTheOthersAlone(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection one = open(proxy, "&prepareThreshold=1");
                Connection other = open(proxy, "&prepareThreshold=1");
                PreparedStatement mine = one.prepareStatement("select name from item where id = ?");
                PreparedStatement others = other.prepareStatement("select name from item where id = ?")) {
            for (int i = 1; i <= 10; i++) {
                assertThat(value(mine, i)).isEqualTo("item " + i);
                assertThat(value(others, i)).isEqualTo("item " + i);
                one.createStatement().execute(i % 2 == 0 ? "DEALLOCATE ALL" : "DISCARD ALL");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void cancelAndQueryTimeoutEndAStatementAndNothingElse(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "");
                Connection bystander = open(proxy, "");
                Statement statement = connection.createStatement()) {
            Thread canceler = new Thread(() -> {
                try {
                    Thread.sleep(300);
                    statement.cancel();
                } catch (SQLException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            canceler.start();
            assertState("57014", () -> statement.execute("select pg_sleep(30)"));
            canceler.join();
            statement.setQueryTimeout(1);
            assertState("57014", () -> statement.execute("select pg_sleep(30)"));
            statement.setQueryTimeout(0);
            assertThat(value(connection, "select 1")).isEqualTo("1");
            assertThat(value(bystander, "select 2")).isEqualTo("2");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChangedTableIsReadWithItsNewColumns(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "&prepareThreshold=1");
                Connection owner = open(proxy, "");
                Statement ddl = owner.createStatement()) {
            ddl.execute("drop table if exists changing");
            ddl.execute("create table changing(a int)");
            ddl.execute("insert into changing values (1)");
            try (PreparedStatement statement = connection.prepareStatement("select * from changing")) {
                for (int round = 1; round <= 5; round++) {
                    for (int i = 0; i < 5; i++) {
                        try (ResultSet rows = statement.executeQuery()) {
                            assertThat(rows.next()).isTrue();
                            assertThat(rows.getMetaData().getColumnCount()).isEqualTo(round);
                        }
                    }
                    ddl.execute("alter table changing add column c" + round + " int");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyConnectionKeepsItsOwnNameAndTimeZone(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            List<String> zones = List.of("UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin");
            together(12, number -> {
                String zone = zones.get(number % zones.size());
                try (Connection connection = open(proxy, "&ApplicationName=start" + number)) {
                    assertThat(value(connection, "show application_name")).isEqualTo("start" + number);
                    connection.setClientInfo("ApplicationName", "app" + number);
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("set time zone '" + zone + "'");
                    }
                    for (int i = 0; i < 20; i++) {
                        assertThat(
                                        value(
                                                connection,
                                                "select current_setting('application_name') || ' ' || current_setting('TimeZone')"))
                                .isEqualTo("app" + number + " " + zone);
                        assertThat(connection.getClientInfo("ApplicationName")).isEqualTo("app" + number);
                    }
                    Timestamp moment = Timestamp.valueOf("2026-03-29 12:34:56.789");
                    try (PreparedStatement statement = connection.prepareStatement("select ?::timestamptz")) {
                        statement.setTimestamp(1, moment);
                        try (ResultSet rows = statement.executeQuery()) {
                            rows.next();
                            assertThat(rows.getTimestamp(1)).isEqualTo(moment);
                        }
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void generatedKeysMetadataAndTypesCome(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection connection = open(proxy, "&prepareThreshold=-1")) {
            assertThat(connection.getMetaData().getDatabaseMajorVersion()).isGreaterThanOrEqualTo(13);
            try (ResultSet columns = connection.getMetaData().getColumns(null, "public", "item", null)) {
                List<String> names = new ArrayList<>();
                while (columns.next()) {
                    names.add(columns.getString("COLUMN_NAME"));
                }
                assertThat(names).containsExactly("id", "name", "price");
            }
            try (PreparedStatement statement = connection.prepareStatement(
                    "insert into log values (1, 2, 'x') returning note", Statement.RETURN_GENERATED_KEYS)) {
                statement.execute();
            }
            connection.createStatement().execute("truncate log");
        }
    }

    // ---- helpers

    private interface Work {
        void run(int number) throws Exception;
    }

    private static void together(int count, Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                running.add(threads.submit((Callable<Void>) () -> {
                    work.run(number);
                    return null;
                }));
            }
            for (Future<Void> one : running) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private interface Sql {
        void run() throws SQLException;
    }

    private static void assertState(String sqlState, Sql sql) {
        assertThatThrownBy(sql::run)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo(sqlState));
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static String value(PreparedStatement statement, int parameter) throws SQLException {
        statement.setInt(1, parameter);
        try (ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getString(1);
        }
    }
}
