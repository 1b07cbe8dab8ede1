package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.closeStatement;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Named statements are shared by those to whom the text means the same, and by nobody else. All on one backend. */
@Timeout(60)
class SharedStatementsTest {
    private static final String INSTANT = "select extract(epoch from '2024-01-01 00:00'::timestamptz)::bigint";
    private static final String UTC = "1704067200";
    private static final String TOKYO = "1704034800";

    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    private RunningProxy proxy;

    @BeforeAll
    static void prepare() throws Exception {
        database = POSTGRES.createDatabase();
        direct(
                "alter database " + database + " set timezone = 'UTC'",
                "create schema ta",
                "create table ta.k (id int)",
                "insert into ta.k values (1)",
                "create schema tb",
                "create table tb.k (id text)",
                "insert into tb.k values ('x')",
                "create table hide (v text)",
                "insert into hide values ('permanent')",
                "create function tokyo() returns text language sql as"
                        + " $$ select set_config('timezone', 'Asia/Tokyo', false) $$");
    }

    @BeforeEach
    void start() {
        proxy = RunningProxy.before(POSTGRES, "connection_limit", "1");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    // ---- settings of the login

    @ParameterizedTest(name = "{0}={1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "TimeZone | Asia/Tokyo | select extract(epoch from '2024-01-01 00:00'::timestamptz)::bigint"
                        + " | 1704034800 | 1704067200",
                "DateStyle | DMY | select extract(month from '01/02/2024'::date)::int | 2 | 1",
                "IntervalStyle | sql_standard | select extract(epoch from '-1 2:03:04'::interval)::int | -93784 | -79016",
                "standard_conforming_strings | off | select length('a\\tb') | 3 | 4",
                "client_encoding | LATIN1 | select length('\u00e9') | 2 | 1",
                "transform_null_equals | on | select coalesce((1 = null)::text, 'none') | false | none",
                "array_nulls | off | select array_position('{NULL}'::text[], null) is null | t | f",
            })
    void aLiteralIsReadByTheSettingsOfWhoPreparesIt(String name, String value, String sql, String own, String usual)
            throws Exception {
        try (WireClient a = login(name, value);
                WireClient b = login()) {
            assertThat(prepared(a, sql)).isEqualTo(own);
            assertThat(prepared(b, sql)).isEqualTo(usual);
            assertThat(again(a)).isEqualTo(own);
            assertThat(again(b)).isEqualTo(usual);
        }
    }

    @Test
    void parameterTypesAreThoseOfTheOwnSearchPath() throws Exception {
        try (WireClient a = login("search_path", "ta");
                WireClient b = login("search_path", "tb")) {
            String sql = "select count(*) from k where id = $1";
            assertThat(a.exchange(parse("s", sql), bind("", "s", "1"), execute("", 0), sync()))
                    .contains("D[1]");
            assertThat(b.exchange(parse("s", sql), bind("", "s", "x"), execute("", 0), sync()))
                    .contains("D[1]");
        }
    }

    // ---- settings that change

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set timezone = 'Asia/Tokyo'",
                "select 1; set timezone = 'Asia/Tokyo'",
                "select set_config('timezone', 'Asia/Tokyo', false)",
                "do $$ begin perform set_config('timezone', 'Asia/Tokyo', false); end $$",
                "select tokyo()"
            })
    void aSettingCountsForTheNextParse(String change) throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            a.query(change);
            assertThat(prepared(a, INSTANT)).isEqualTo(TOKYO);
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            a.query("reset timezone");
            assertThat(prepared(a, INSTANT)).isEqualTo(UTC);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set timezone = 'Asia/Tokyo'",
                "set local timezone = 'Asia/Tokyo'",
                "select set_config('timezone', 'Asia/Tokyo', true)"
            })
    void whatATransactionSetsStaysItsOwn(String change) throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            a.query("begin");
            a.query(change);
            assertThat(prepared(a, INSTANT)).isEqualTo(TOKYO);
            a.query("rollback");
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            assertThat(again(a)).isEqualTo(TOKYO); // read when it was prepared
        }
    }

    @Test
    void aSettingCountsForAParseSentInTheSameUnit() throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            String transcript = a.exchange(
                    unnamed("set timezone = 'Asia/Tokyo'"), parse("s", INSTANT), bind("", "s"), execute("", 0), sync());
            assertThat(transcript).contains("D[" + TOKYO + "]");
            assertThat(again(b)).isEqualTo(UTC);
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
        }
    }

    @Test
    void discardAllEndsThem() throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            a.query("set timezone = 'Asia/Tokyo'");
            assertThat(prepared(a, INSTANT)).isEqualTo(TOKYO);
            a.query("discard all");
            assertThat(prepared(a, INSTANT)).isEqualTo(UTC);
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
        }
    }

    @Test
    void aStatementPreparedBeforeKeepsWhatItWasPreparedWith() throws Exception {
        try (WireClient a = login()) {
            assertThat(prepared(a, INSTANT)).isEqualTo(UTC);
            a.query("set timezone = 'Asia/Tokyo'");
            assertThat(again(a)).isEqualTo(UTC);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStatementPreparedAnewUnderOtherSettingsIsNobodyElses(boolean inTransaction) throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            assertThat(prepared(a, INSTANT)).isEqualTo(UTC);
            POSTGRES.terminateAll(database);
            await().until(() -> POSTGRES.backendsOf(database) == 0
                    && proxy.pool(database, "postgres").open() == 0);
            if (inTransaction) {
                a.query("begin");
                a.query("set timezone = 'Asia/Tokyo'");
                again(a);
                a.query("rollback");
            } else {
                a.query("set timezone = 'Asia/Tokyo'");
                again(a);
            }
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            a.query("reset timezone");
            assertThat(again(a)).isEqualTo(UTC);
        }
    }

    // ---- the clock

    @ParameterizedTest
    @ValueSource(strings = {"'now'::timestamptz", "timestamptz 'NOW'", "$$now$$::timestamptz"})
    void nowIsTheMomentOfTheOwnParse(String now) throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            String sql = "select " + now + " >= $1::timestamptz";
            for (WireClient client : List.of(a, b, a)) {
                String before = client.value("select clock_timestamp()");
                client.exchange(closeStatement("s"), sync());
                assertThat(client.exchange(parse("s", sql), bind("", "s", before), execute("", 0), sync()))
                        .contains("D[t]");
                String after = client.value("select clock_timestamp()");
                assertThat(client.exchange(bind("", "s", after), execute("", 0), sync()))
                        .contains("D[f]");
            }
        }
    }

    // ---- temporary objects

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTemporaryTableHidesAPermanentOneFromThen(boolean inTransaction) throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            a.query("create temp table other (v int)"); // the temporary schema is in the search path from here on
            a.query("drop table other");
            assertThat(prepared(b, "select v from hide")).isEqualTo("permanent");
            if (inTransaction) {
                a.query("begin");
            }
            a.query("create temp table hide as select 'temporary'::text as v");
            assertThat(prepared(a, "select v from hide")).isEqualTo("temporary");
            a.query(inTransaction ? "rollback" : "drop table hide");
            assertThat(again(b)).isEqualTo("permanent");
            assertThat(prepared(b, "select v from hide")).isEqualTo("permanent");
        }
    }

    // ---- sharing

    @Test
    void clientsOfEqualSettingsShare() throws Exception {
        try (WireClient a = login();
                WireClient b = login("application_name", "x");
                WireClient c = login("TimeZone", "Asia/Tokyo");
                WireClient d = login("TimeZone", "Asia/Tokyo")) {
            for (WireClient client : List.of(a, b, c, d)) {
                prepared(client, "select 1234");
                prepared(client, "select '5678'");
            }
            assertThat(statements(a, "select 1234")).isEqualTo("1");
            assertThat(statements(a, "select '5678'")).isEqualTo("2");
        }
    }

    @Test
    void aSettingThatNoTextDependsOnDoesNotEndSharing() throws Exception {
        try (WireClient a = login();
                WireClient b = login()) {
            for (WireClient client : List.of(a, b)) {
                client.query("begin");
                client.query("set local app.tenant = '1'");
                client.query("set local statement_timeout = '5s'");
                prepared(client, "select '5678'");
                client.query("commit");
            }
            assertThat(statements(a, "select '5678'")).isEqualTo("1");
        }
    }

    @Test
    void withTheShuffleSwitchToo() throws Exception {
        proxy.close();
        proxy = RunningProxy.before(POSTGRES, "connection_limit", "3", "shuffle", "true");
        try (WireClient a = login("TimeZone", "Asia/Tokyo");
                WireClient b = login()) {
            assertThat(prepared(a, INSTANT)).isEqualTo(TOKYO);
            assertThat(prepared(b, INSTANT)).isEqualTo(UTC);
            for (int i = 0; i < 8; i++) {
                assertThat(again(a)).isEqualTo(TOKYO);
                assertThat(again(b)).isEqualTo(UTC);
            }
        }
    }

    /** Prepares it under a name, once more if it was, and runs it. */
    private static String prepared(WireClient client, String sql) throws Exception {
        client.exchange(closeStatement("s"), sync());
        return row(client.exchange(parse("s", sql), bind("", "s"), execute("", 0), sync()));
    }

    private static String again(WireClient client) throws Exception {
        return row(client.exchange(bind("", "s"), execute("", 0), sync()));
    }

    private static String row(String transcript) {
        int from = transcript.indexOf("D[");
        assertThat(from).as(transcript).isNotNegative();
        return transcript.substring(from + 2, transcript.indexOf(']', from));
    }

    private static String statements(WireClient client, String sql) throws Exception {
        return client.value("select count(*) from pg_prepared_statements where statement = $q$" + sql + "$q$");
    }

    private WireClient login(String... settings) throws Exception {
        Map<String, String> startup = new LinkedHashMap<>(Map.of("user", "postgres", "database", database));
        for (int i = 0; i < settings.length; i += 2) {
            startup.put(settings[i], settings[i + 1]);
        }
        return WireClient.login(proxy.host(), proxy.port(), startup, null);
    }

    private static void direct(String... sql) throws Exception {
        try (Connection connection = POSTGRES.connect(database);
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }
}
