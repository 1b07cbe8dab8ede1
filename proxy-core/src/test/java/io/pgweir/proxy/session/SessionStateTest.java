package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A client that makes state of its session, on one of two backends and each time on the other one unless it keeps it, reads
 * what it would read from PostgreSQL; another client, after each of its statements, sees nothing of it on any backend.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionStateTest {
    /** Everything that a session may have and a new one has not. */
    private static final String ORACLE = "select (select string_agg(name || '=' || setting, ' ') from pg_settings"
            + " where source = 'session' and name not in ('transaction_isolation', 'transaction_read_only',"
            + " 'transaction_deferrable'))"
            + ", (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid())"
            + ", (select count(*) from pg_class where relnamespace = pg_my_temp_schema())"
            + ", (select count(*) from pg_cursors where is_holdable)"
            + ", (select count(*) from pg_prepared_statements where from_sql)"
            + ", (select count(*) from pg_listening_channels())"
            + ", current_user, session_user, nullif(current_setting('app.x', true), '')";

    private static final String NOTHING = "D[null|0|0|0|0|0|postgres|postgres|null]";

    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";
    private String databaseOfDirect = "";

    /** Several statements one after the other; one that begins with x: is sent by the extended protocol. */
    record Program(String name, Map<String, String> startup, List<String> statements) {
        Program(String name, Map<String, String> startup, String... statements) {
            this(name, startup, List.of(statements));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Program program(String name, String... statements) {
        return new Program(name, Map.of(), statements);
    }

    static Stream<Program> programs() {
        List<Program> all = new ArrayList<>(List.of(
                program("set", "set work_mem = '1MB'", "show work_mem", "reset work_mem", "show work_mem"),
                program(
                        "reset all",
                        "set work_mem = '1MB'; set timezone to 'Asia/Tokyo'",
                        "reset all",
                        "show timezone"),
                program(
                        "time zone",
                        "set time zone 'Asia/Tokyo'",
                        "show timezone",
                        "set time zone default",
                        "show timezone"),
                program(
                        "names",
                        "set names 'LATIN1'",
                        "show client_encoding",
                        "set names default",
                        "show client_encoding"),
                program(
                        "characteristics",
                        "set session characteristics as transaction isolation level serializable, read only",
                        "show transaction_isolation",
                        "create table never (a int)"),
                program("set_config", "select set_config('work_mem', '2MB', false)", "show work_mem"),
                program("set_config local", "select set_config('work_mem', '2MB', true)", "show work_mem"),
                program(
                        "set_config extended",
                        "x:select set_config('timezone', 'Asia/Tokyo', false)",
                        "x:show timezone"),
                program("computed", "select set_config('work' || '_mem', '2MB', false)", "show work_mem"),
                program(
                        "computed custom",
                        "select set_config('app' || '.x', '2', false)",
                        "select current_setting('app.x')"),
                program("custom", "set app.x = 'it''s'", "select current_setting('app.x')", "reset app.x"),
                program(
                        "custom set_config",
                        "select set_config('app.x', 'b', false)",
                        "select current_setting('app.x')"),
                program("several", "set app.x = 1; set work_mem = '3MB'", "show app.x", "show work_mem"),
                program("commit", "begin", "set work_mem = '4MB'", "commit", "show work_mem"),
                program("rollback", "begin", "set work_mem = '4MB'", "rollback", "show work_mem"),
                program(
                        "rollback set_config",
                        "begin",
                        "select set_config('app.x', '1', false)",
                        "rollback",
                        "show work_mem"),
                program("local", "begin", "set local work_mem = '4MB'", "show work_mem", "commit", "show work_mem"),
                program(
                        "savepoint",
                        "begin",
                        "set work_mem = '4MB'",
                        "savepoint s",
                        "set work_mem = '5MB'",
                        "rollback to s",
                        "commit",
                        "show work_mem"),
                program("failed", "begin", "set work_mem = '4MB'", "select 1/0", "commit", "show work_mem"),
                program("implicit", "set work_mem = '4MB'; select 1/0", "show work_mem"),
                program("role", "set role pg_monitor", "select current_user", "reset role", "select current_user"),
                program("role none", "set role pg_monitor", "set role none", "select current_user"),
                program("role and all", "set role pg_monitor", "reset all", "select current_user"),
                program(
                        "authorization",
                        "set session authorization pg_monitor",
                        "select session_user, current_user",
                        "reset session authorization",
                        "select session_user"),
                program(
                        "authorization and role",
                        "set session authorization state_owner",
                        "set role pg_monitor",
                        "select session_user, current_user",
                        "set work_mem = '1MB'",
                        "select session_user, current_user",
                        "set session authorization default",
                        "select session_user, current_user, current_setting('role')"),
                program(
                        "superuser's setting under a role",
                        "set log_min_duration_statement = 5000",
                        "set role pg_monitor",
                        "show log_min_duration_statement",
                        "set work_mem = '1MB'",
                        "show log_min_duration_statement"),
                program(
                        "superuser's setting of a role",
                        "set session authorization state_owner",
                        "set role postgres",
                        "set log_min_duration_statement = 5000",
                        "show log_min_duration_statement"),
                program("do", "do $$ begin set work_mem = '6MB'; end $$", "show work_mem"),
                program("call", "call state_procedure()", "show work_mem"),
                program("reported by a function", "select state_function()", "show timezone"),
                program("discard all", "set work_mem = '1MB'", "discard all", "show work_mem"),
                program("discard others", "set work_mem = '1MB'", "discard plans", "discard temp", "show work_mem"),
                program("application name", "set application_name = 'me'", "show application_name"),
                program("quoted", "set search_path = \"it's, a\", 'b\"c', public", "show search_path"),
                program("temp table", "create temp table t (a int)", "insert into t values (5)", "select a from t"),
                program("temp dropped", "create temp table t (a int)", "drop table t", "select * from t"),
                program("temp dropped at commit", "begin", "create temp table t on commit drop as select 1", "commit"),
                program("temp rolled back", "begin", "create temp table t (a int)", "rollback", "select * from t"),
                program("select into temp", "select 7 as a into temp t", "select a from t"),
                program("create in pg_temp", "create table pg_temp.t as select 7 as a", "select a from t"),
                program(
                        "temp by path",
                        "set search_path = pg_temp, public",
                        "create table t as select 1 as a",
                        "select a from t"),
                program(
                        "temp function",
                        "create function pg_temp.f() returns int language sql as 'select 9'",
                        "select pg_temp.f()"),
                program("temp in do", "do $$ begin create temp table t as select 3 as a; end $$", "select a from t"),
                program("temp extended", "x:create temp table t as select 3 as a", "x:select a from t"),
                program("several temp", "select 1; create temp table t as select 3 as a", "select a from t"),
                program(
                        "advisory lock",
                        "select pg_advisory_lock(77)",
                        "select pg_advisory_unlock(77)",
                        "select pg_advisory_unlock(77)"),
                program(
                        "advisory lock in a transaction",
                        "begin",
                        "select pg_try_advisory_lock(77)",
                        "rollback",
                        "select pg_advisory_unlock(77)"),
                program(
                        "advisory lock in do",
                        "do $$ begin perform pg_advisory_lock(77); end $$",
                        "select pg_advisory_unlock(77)"),
                program(
                        "unlock all",
                        "select pg_advisory_lock(77), pg_advisory_lock(78)",
                        "select pg_advisory_unlock_all()"),
                program(
                        "holdable",
                        "begin",
                        "declare c cursor with hold for select 5",
                        "commit",
                        "fetch all from c",
                        "close c"),
                program("prepare", "prepare p as select 5", "execute p", "deallocate p", "execute p"),
                program("deallocate all", "prepare p as select 5", "deallocate all", "execute p"),
                program("load", "load 'plpgsql'", "select 1", "discard all"),
                program("discard temp", "create temp table t (a int)", "discard temp", "select * from t"),
                program(
                        "discard all of it",
                        "create temp table t (a int)",
                        "select pg_advisory_lock(77)",
                        "discard all",
                        "select * from t"),
                program(
                        "sequence in one transaction",
                        "begin",
                        "select nextval('state_private')",
                        "select 1",
                        "commit"),
                program("currval undefined", "select currval('state_shared')", "select lastval()")));
        Map<String, String> startup = Map.of(
                "application_name",
                "mine",
                "options",
                "-c search_path=pg_catalog -c timezone=Asia/Tokyo -c work_mem=7MB");
        all.add(new Program("startup reset", startup, "set timezone to 'UTC'", "reset timezone", "show timezone"));
        all.add(new Program("startup reset all", startup, "set work_mem = '1MB'", "reset all", "show work_mem"));
        all.add(new Program(
                "startup discard", startup, "set work_mem = '1MB'", "discard all", "show application_name"));
        all.add(new Program("startup discard only", startup, "discard all", "show application_name"));
        all.add(new Program(
                "startup reset in a transaction",
                startup,
                "begin",
                "set work_mem = '1MB'",
                "reset work_mem",
                "show work_mem",
                "reset search_path",
                "show search_path",
                "commit",
                "show work_mem"));
        all.add(new Program(
                "startup default in a transaction",
                startup,
                "begin",
                "x:set timezone to default",
                "x:show timezone",
                "rollback",
                "show timezone"));
        all.add(new Program(
                "startup reset while kept", startup, "create temp table t (a int)", "reset all", "show work_mem"));
        all.add(new Program(
                "startup default while kept, in one Query",
                startup,
                "select pg_advisory_lock(77); set work_mem to default",
                "show work_mem"));
        all.add(new Program("startup name", startup, "set application_name to 'x'", "reset application_name"));
        return all.stream();
    }

    /** Two databases, since advisory locks and sequences are shared by all sessions of one. */
    @BeforeAll
    void createDatabases() throws Exception {
        postgres.execute("create role state_owner login in role pg_monitor, postgres");
        database = createDatabase();
        databaseOfDirect = createDatabase();
    }

    private String createDatabase() throws Exception {
        String name = postgres.createDatabase();
        try (Connection connection = postgres.connect(name);
                Statement statement = connection.createStatement()) {
            statement.execute("create function state_function() returns int language plpgsql as"
                    + " 'begin perform set_config(''timezone'', ''Asia/Tokyo'', false); return 1; end'");
            statement.execute("create procedure state_procedure() language plpgsql as"
                    + " 'begin perform set_config(''work_mem'', ''8MB'', false); end'");
            statement.execute("create sequence state_shared");
            statement.execute("create sequence state_private");
        }
        return name;
    }

    @AfterAll
    void dropDatabase() throws Exception {
        postgres.dropDatabase(database);
        postgres.dropDatabase(databaseOfDirect);
        postgres.execute("drop role state_owner");
    }

    @ParameterizedTest
    @MethodSource("programs")
    void fidelityAndIsolation(Program program) throws Exception {
        Map<String, String> startup = new HashMap<>(program.startup());
        startup.put("user", "postgres");
        startup.put("database", database);
        Map<String, String> startupOfDirect = new HashMap<>(startup);
        startupOfDirect.put("database", databaseOfDirect);
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "2", "shuffle", "true");
                WireClient other = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
                WireClient direct = WireClient.login(
                        postgres.host(), postgres.port(), startupOfDirect, postgres.superuserPassword());
                WireClient client = WireClient.login(proxy.host(), proxy.port(), startup, null)) {
            assertThat(other.query(ORACLE)).contains(NOTHING);
            assertThat(client.parameters()).isEqualTo(direct.parameters());
            for (String statement : program.statements()) {
                String expected = run(direct, statement);
                String actual = run(client, statement);
                assertThat(actual).as(statement).isEqualTo(expected);
                assertThat(client.parameters()).as("after " + statement).isEqualTo(direct.parameters());
                if (!actual.endsWith("Z[I]")) {
                    continue;
                }
                assertThat(other.query(ORACLE)).as("after " + statement).contains(NOTHING);
                assertThat(other.query(ORACLE)).as("after " + statement).contains(NOTHING);
            }
            client.socket().close();
            proxy.awaitQuiet();
            for (int i = 0; i < 3; i++) {
                assertThat(other.query(ORACLE)).contains(NOTHING);
            }
        }
    }

    /** Its login could ask no backend; the first one that it gets still has another client's settings. */
    @Test
    void whoLoggedInWhileAllWereBusyIsNotToldAnotherClientsSettings() throws Exception {
        Map<String, String> other =
                Map.of("user", "postgres", "database", database, "options", "-c timezone=Asia/Kolkata");
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1", "shuffle", "false");
                WireClient holder = WireClient.login(proxy.host(), proxy.port(), other, null)) {
            holder.query("begin");
            holder.query("select 1");
            try (WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
                holder.query("commit");
                assertThat(client.query("select 1")).contains("D[1]").doesNotContain("Asia/Kolkata");
                assertThat(client.query("show timezone"))
                        .contains("D[" + client.parameters().get("TimeZone") + "]");
            }
        }
    }

    private static String run(WireClient client, String statement) throws Exception {
        String transcript = statement.startsWith("x:")
                ? client.exchange(Frontend.unnamed(statement.substring(2)), Frontend.sync())
                : client.query(statement);
        return transcript.replaceAll("S\\[[^]]*\\] ", ""); // compared by what has become of the parameters
    }
}
