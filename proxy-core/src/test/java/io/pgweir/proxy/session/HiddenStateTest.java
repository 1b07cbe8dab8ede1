package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Statements that change their session and do not look like it: the next client on the backend sees nothing of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HiddenStateTest {
    private static final String ROLE = "hidden_state";

    private static final String ORACLE = "select (select count(*) from pg_catalog.pg_class"
            + " where relnamespace = pg_catalog.pg_my_temp_schema())"
            + " || ' ' || coalesce(pg_catalog.current_setting('app.t', true), '')"
            + " || ' ' || pg_catalog.current_setting('work_mem')";

    private static final String LONG = "'" + "x".repeat(70_000) + "'";

    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    /** Several statements one after the other; x: is sent by the extended protocol, n: as a named statement. */
    record Program(String name, String check, List<String> statements) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Program program(String name, String... statements) {
        return new Program(name, "suspicious", List.of(statements));
    }

    private static Program unchecked(String name, String... statements) {
        return new Program(name + ", unchecked", "off", List.of(statements));
    }

    static Stream<Program> programs() {
        String path = "set search_path = pg_temp, public";
        String strings = "set standard_conforming_strings = off";
        String escaped = "select 'it\\'s', set_config('app.t', 'A', false)";
        return Stream.of(
                program("explain", "explain analyze create temp table leak as select 1 as v"),
                program("explain by path", path, "explain (analyze) create table leak as select 1 as v"),
                program("explain, extended", "x:explain analyze create temp table leak as select 1 as v"),
                program("qualified", "select app.set('work_mem', '9MB')"),
                program("qualified log", "select app.log('A')"),
                program("overloaded log", "select log('A'::text)"),
                program("quoted", "select \"lower\"(1)"),
                program("capitals", "select \"LOWER\"('A')"),
                program("distinct on", "select distinct on (a) makes() from t"),
                program("operator", "select (1) operator(pg_catalog.+) makes()"),
                program("create table as", "create table x as select sets()"),
                program("create table as, extended", "x:create table y as select makes()"),
                program("materialized view", "create materialized view z as select sets()"),
                program("alter type", "alter table t alter b type int using makes()"),
                program("default", "alter table t add c int default sets()"),
                program("into by path", path, "select 'mine' as v into leak"),
                program("into behind a column", path, "select 1 as insert into leak"),
                program("long", "select " + LONG + ", sets()"),
                program("long, extended", "x:select " + LONG + ", makes()"),
                program("long, named", "n:select " + LONG + ", sets()"),
                unchecked("long", "select " + LONG + ", set_config('app.t', 'A', false)"),
                unchecked("long, extended", "x:select " + LONG + ", set_config('app.t', 'A', false)"),
                unchecked("function", "select sets()"),
                unchecked("code", "do $$ begin perform set_config('work_mem', '9MB', false); end $$"),
                program("escapes", strings, escaped),
                program("escapes, extended", strings, "x:" + escaped),
                program("escapes, named", strings, "n:" + escaped),
                program("escaped name", "set u&\"app\".t = 'A'"),
                program("escaped name with its own escape", "set u&\"!0061pp\" uescape '!' . t = 'A'"),
                unchecked("escaped name", "set session u&\"\\0061pp\".t to 'A'"));
    }

    @BeforeAll
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
        postgres.execute("drop role if exists " + ROLE);
        postgres.execute("create role " + ROLE + " login");
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create function sets() returns int language plpgsql as
                        'begin perform set_config(''app.t'', ''A'', false); return 1; end';
                    create function makes() returns int language plpgsql as
                        'begin create temp table leak (v int); return 1; end';
                    create function lower(int) returns int language sql as 'select sets()';
                    create function "LOWER"(text) returns int language sql as 'select sets()';
                    create function log(text) returns int language sql as 'select sets()';
                    create schema app;
                    create function app.log(text) returns int language sql as 'select public.sets()';
                    create function app.set(text, text) returns text language sql as
                        'select set_config($1, $2, false)';
                    grant usage on schema app to public;
                    create table t as select 1 as a, 1::bigint as b;
                    alter table t owner to hidden_state""");
        }
    }

    @AfterAll
    void dropDatabase() throws Exception {
        postgres.dropDatabase(database);
        postgres.execute("drop role " + ROLE);
    }

    @ParameterizedTest
    @MethodSource("programs")
    void nobodyElseSeesIt(Program program) throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        postgres, "connection_limit", "2", "shuffle", "true", "state_check", program.check());
                WireClient other = login(proxy)) {
            String before = other.value(ORACLE);
            try (WireClient client = login(proxy)) {
                for (String statement : program.statements()) {
                    assertThat(run(client, statement)).as(statement).doesNotContain("E[");
                }
                // One on each backend that the client has not kept.
                assertThat(other.value(ORACLE)).isEqualTo(before);
                assertThat(other.value(ORACLE)).isEqualTo(before);
                assertThat(other.value(ORACLE)).isEqualTo(before);
            }
            proxy.awaitQuiet();
            assertThat(other.value(ORACLE)).isEqualTo(before);
            assertThat(other.value(ORACLE)).isEqualTo(before);
        }
    }

    private static String run(WireClient client, String statement) throws Exception {
        if (statement.startsWith("x:")) {
            return client.exchange(Frontend.unnamed(statement.substring(2)), Frontend.sync());
        }
        if (statement.startsWith("n:")) {
            return client.exchange(
                    Frontend.parse("s", statement.substring(2)),
                    Frontend.bind("", "s"),
                    Frontend.execute("", 0),
                    Frontend.sync());
        }
        return client.query(statement);
    }

    private WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login(proxy.host(), proxy.port(), database, ROLE, null);
    }
}
