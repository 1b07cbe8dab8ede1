package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a named statement when backends lose it or refuse its old plan. */
class PreparedRecoveryTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";
    private RunningProxy proxy;

    @BeforeEach
    void start() throws Exception {
        database = postgres.createDatabase();
        proxy = RunningProxy.before(postgres, "connection_limit", "1", "shuffle", "false");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void aStatementThatTheBackendHasLostIsPreparedAgainUnseen() throws Exception {
        try (WireClient client = login()) {
            client.exchange(parse("s", "select $1::text"), bind("", "s", "a"), execute("", 0), sync());
            client.query("do $$ begin execute 'deallocate all'; end $$");
            assertThat(client.exchange(bind("", "s", "b"), execute("", 0), sync()))
                    .isEqualTo("2 D[b] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aChangedResultTypeIsRepreparedIfTheClientAsksForTheShape() throws Exception {
        direct("create table t (a int)", "insert into t values (1)");
        try (WireClient client = login()) {
            String first = client.exchange(
                    parse("s", "select * from t"), bind("", "s"), describePortal(""), execute("", 0), sync());
            assertThat(first).contains("D[1]");
            direct("alter table t add column b text default 'x'");
            String second = client.exchange(bind("", "s"), describePortal(""), execute("", 0), sync());
            assertThat(second).contains("D[1|x]").doesNotContain("E[");
        }
    }

    @Test
    void aChangedResultTypeIsToldToAClientThatDoesNotAsk() throws Exception {
        direct("create table t (a int)", "insert into t values (1)");
        try (WireClient client = login()) {
            client.exchange(parse("s", "select * from t"), bind("", "s"), execute("", 0), sync());
            direct("alter table t add column b text default 'x'");
            assertThat(client.exchange(bind("", "s"), execute("", 0), sync()))
                    .contains("0A000")
                    .endsWith("Z[I]");
            assertThat(client.exchange(parse("s2", "select * from t"), bind("", "s2"), execute("", 0), sync()))
                    .contains("D[1|x]");
        }
    }

    /** A backend that gets to know the statement after the change finds only the number of columns wrong. */
    @Test
    void aChangedResultTypeIsToldByABackendThatNeverKnewTheOld() throws Exception {
        direct("create table t (a int)", "insert into t values (1)");
        proxy.close();
        proxy = RunningProxy.before(postgres, "connection_limit", "2", "shuffle", "false");
        byte[] ofTwoColumns = Frontend.bind("", "s", List.of(), new byte[0][], List.of(0, 0));
        try (WireClient client = login();
                WireClient other = login()) {
            direct("alter table t add column b text default 'x'");
            client.exchange(parse("s", "select * from t"), ofTwoColumns, execute("", 0), sync());
            proxy.awaitQuiet();
            other.query("begin");
            other.query("select 1"); // has the only backend that knows the statement
            direct("alter table t add column c int");
            assertThat(client.exchange(ofTwoColumns, execute("", 0), sync()))
                    .contains("E[0A000 cached plan must not change result type]")
                    .endsWith("Z[I]");
            other.query("rollback");
            assertThat(client.exchange(parse("again", "select * from t"), bind("", "again"), execute("", 0), sync()))
                    .contains("D[1|x|");
        }
    }

    /** Any Query destroys it, and so does the BEGIN that pgweir sends late, for another client. */
    @Test
    void anUnnamedStatementOutlivesAQueryOfPgweirsOwn() throws Exception {
        try (WireClient client = login();
                WireClient other = login()) {
            other.exchange(parse("one", "select 1"), parse("end", "rollback"), sync());
            assertThat(client.exchange(parse("", "select 7"), sync())).isEqualTo("1 Z[I]");
            other.query("begin");
            assertThat(other.exchange(bind("", "one"), execute("", 0), sync())).isEqualTo("2 D[1] C[SELECT 1] Z[T]");
            other.exchange(bind("", "end"), execute("", 0), sync());
            assertThat(client.exchange(bind("", ""), execute("", 0), sync())).isEqualTo("2 D[7] C[SELECT 1] Z[I]");
        }
    }

    /** Any Query destroys it, and so does pgweir's own. */
    @Test
    void anUnnamedStatementOutlivesACheckOfItsIdleBackend() throws Exception {
        proxy.close();
        proxy = RunningProxy.before(postgres, "connection_limit", "1", "idle_check_interval", "1s");
        try (WireClient client = login()) {
            assertThat(client.exchange(parse("", "select 7"), sync())).isEqualTo("1 Z[I]");
            await().until(() -> "SELECT 1"
                    .equals(postgres.queryForString(
                            "select query from pg_stat_activity where datname = '" + database + "'")));
            proxy.awaitQuiet();
            assertThat(client.exchange(bind("", ""), execute("", 0), sync())).isEqualTo("2 D[7] C[SELECT 1] Z[I]");
        }
    }

    private WireClient login() throws Exception {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private void direct(String... sql) throws Exception {
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }
}
