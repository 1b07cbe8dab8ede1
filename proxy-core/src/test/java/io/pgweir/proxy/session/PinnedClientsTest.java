package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.terminate;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.metrics.StateLeaks;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that keep their backends: how many, until when, and what they are told. */
class PinnedClientsTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("create sequence s");
            statement.execute("create table t (id serial, a int)");
            statement.execute("create function takes_lock() returns int language plpgsql as"
                    + " 'begin perform pg_advisory_lock(5); return 1; end'");
            statement.execute("create function sets_hidden() returns int language plpgsql as"
                    + " 'begin perform set_config(''app.hidden'', ''secret'', false); return 1; end'");
        }
    }

    @AfterEach
    void dropDatabase() throws Exception {
        postgres.dropDatabase(database);
    }

    @Test
    void noMoreThanMaxPinned() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "max_pinned", "1");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            assertThat(one.query("create temp table x (a int)")).contains("C[CREATE TABLE]");
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.pinned().count(StateKind.TEMPORARY_OBJECT) == 1);
            assertThat(two.query("select pg_advisory_lock(1)"))
                    .contains("E[53300", "advisory locks", "max_pinned")
                    .endsWith("Z[I]");
            assertThat(lockCount()).isZero();
            assertThat(two.exchange(unnamed("select pg_advisory_lock(1)"), sync()))
                    .contains("E[53300")
                    .endsWith("Z[I]");
            assertThat(two.query("begin")).endsWith("Z[T]");
            assertThat(two.query("declare c cursor with hold for select 1"))
                    .contains("E[53300")
                    .endsWith("Z[E]");
            assertThat(two.query("select 1")).contains("E[25P02");
            assertThat(two.query("rollback")).endsWith("Z[I]");
            assertThat(two.exchange(parse("p", "select pg_advisory_lock(1)"), sync()))
                    .isEqualTo("1 Z[I]");
            assertThat(two.exchange(bind("", "p"), execute("", 0), sync())).contains("E[53300");
            assertThat(lockCount()).isZero();
            assertThat(two.query("select 1")).contains("D[1]");
            assertThat(one.query("drop table x")).contains("C[DROP TABLE]");
            await().until(() -> pool.pinned().count() == 0);
            assertThat(two.query("select pg_advisory_lock(1)")).contains("C[SELECT 1]");
            assertThat(lockCount()).isEqualTo(1);
        }
    }

    @Test
    void aTextThatIsParsedAgainIsReadByTheSettingsInForceThen() throws Exception {
        byte[] lock = Frontend.join(unnamed("select 'x\\', pg_advisory_lock(7) --'"), sync());
        try (RunningProxy proxy = proxy("connection_limit", "2");
                WireClient client = login(proxy)) {
            Pool pool = proxy.pool(database, "postgres");
            client.query("set standard_conforming_strings = off");
            for (int i = 0; i < 2; i++) {
                assertThat(client.exchange(lock)).contains("D[x', pg_advisory_lock(7) --]");
            }
            client.query("set standard_conforming_strings = on");
            assertThat(client.exchange(lock)).contains("D[x\\|");
            await().until(() -> pool.pinned().count(StateKind.ADVISORY_LOCK) == 1);
            client.query("select pg_advisory_unlock_all()");
            await().until(() -> pool.pinned().count() == 0);
            assertThat(client.exchange(lock)).contains("D[x\\|"); // a Query has destroyed it, and it is the same text
            await().until(() -> pool.pinned().count(StateKind.ADVISORY_LOCK) == 1);
        }
    }

    @Test
    void whoWaitsInVainIsToldWhoKeepsABackendAndWhatFor() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "max_pinned", "1", "pool_timeout", "300ms");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            one.query("create temp table x (a int)");
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.pinned().count(StateKind.TEMPORARY_OBJECT) == 1);
            two.send(Frontend.query("select 1"));
            ServerMessage error = two.readUntilReady().get(0);
            assertThat(error.fields()).containsEntry('C', "53300");
            assertThat(error.fields().get('D')).contains("kept for temporary objects (after CREATE_TEMP)");
        }
    }

    @Test
    void aStatementThatMadeNothingGivesItsPlaceBack() throws Exception {
        try (RunningProxy proxy = proxy("max_pinned", "1");
                WireClient client = login(proxy)) {
            client.query("load 'no such library'");
            client.query("create temp table x (a nonsense)");
            client.query("select pg_try_advisory_lock(1) where false");
            client.query("begin; create temp table x (a int); rollback");
            client.query("prepare p as nonsense");
            proxy.awaitQuiet();
            assertThat(proxy.pool(database, "postgres").pinned().count()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "ignore"})
    void unsafeStateIsRefusedOrDiscarded(String policy) throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "on_unsafe_state", policy);
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            String reply = client.query("select pg_advisory_lock(1)");
            assertThat(reply).contains(policy.equals("error") ? "E[0A000" : "C[SELECT 1]");
            assertThat(other.query("select 1")).contains("D[1]");
            assertThat(lockCount()).isZero();
            client.query("create temp table x as select 1 as a");
            proxy.awaitQuiet();
            assertThat(client.query("select * from x")).contains("E[42P01");
            client.query("prepare p as select 1");
            proxy.awaitQuiet();
            assertThat(client.query("execute p")).contains("E[26000");
            client.query("do $$ begin perform pg_advisory_lock(1); end $$");
            assertThat(other.query("select 1")).contains("D[1]");
            assertThat(lockCount()).isZero();
            if (policy.equals("error")) {
                assertThat(client.query("select 2"))
                        .contains("E[0A000", "advisory locks")
                        .endsWith("Z[I]");
            }
            assertThat(client.query("select 3")).contains("D[3]");
        }
    }

    @Test
    void stateOfAFunctionBeyondMaxPinnedIsDiscardedAndTheClientIsTold() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "max_pinned", "1");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            one.query("create temp table x (a int)");
            two.query("do $$ begin perform pg_advisory_lock(1); end $$");
            await().until(() -> lockCount() == 0);
            assertThat(two.query("select 1"))
                    .contains("E[53300", "advisory locks")
                    .endsWith("Z[I]");
            assertThat(two.query("select 1")).contains("D[1]");
            Pool pool = proxy.pool(database, "postgres");
            long cleaned = pool.allMetrics().stream()
                    .mapToLong(m -> m.stateLeaks
                            .of(StateKind.ADVISORY_LOCK, StateLeaks.Action.CLEANED)
                            .get())
                    .sum();
            assertThat(cleaned).isEqualTo(1);
        }
    }

    @Test
    void theIdleClientThatKeepsABackendIsDisconnected() throws Exception {
        try (RunningProxy proxy = proxy("pinned_idle_timeout", "300ms");
                WireClient client = login(proxy);
                WireClient free = login(proxy)) {
            client.query("create temp table x (a int)");
            assertThat(ServerMessage.transcript(client.readUntilClosed()))
                    .contains("E[57P05", "temporary objects", "pinned_idle_timeout");
            assertThat(free.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void theLossOfAKeptBackendNamesWhatIsLost() throws Exception {
        try (RunningProxy proxy = proxy();
                WireClient client = login(proxy)) {
            client.query("create temp table x (a int)");
            client.query("select pg_advisory_lock(1)");
            int pid = Integer.parseInt(String.valueOf(client.value("select pg_backend_pid()")));
            await().until(() -> proxy.pool(database, "postgres").pinned().count(StateKind.ADVISORY_LOCK) == 1);
            postgres.terminate(pid);
            assertThat(ServerMessage.transcript(client.readUntilClosed()))
                    .contains("temporary objects, advisory locks", "57P01");
        }
    }

    @Test
    void theDisconnectOfAClientLeavesNothingOnItsBackend() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1");
                WireClient other = login(proxy)) {
            String pid;
            try (WireClient client = login(proxy)) {
                client.query("create temp table x (a int)");
                client.query("select pg_advisory_lock(1)");
                pid = client.value("select pg_backend_pid()");
            }
            assertThat(other.value("select pg_backend_pid()")).isEqualTo(pid);
            assertThat(other.query("select * from x")).contains("E[42P01");
            assertThat(lockCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"suspicious", "always"})
    void whatAFunctionHidesIsNotSeenByOthers(String check) throws Exception {
        try (RunningProxy proxy = proxy(
                        "connection_limit",
                        "1",
                        "state_check",
                        check,
                        "state_check_sample",
                        "100",
                        "shuffle",
                        "false");
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            assertThat(client.query("select sets_hidden()")).contains("D[1]");
            assertThat(client.value("select current_setting('app.hidden', true)"))
                    .isEqualTo("secret");
            assertThat(other.value("select nullif(current_setting('app.hidden', true), '')"))
                    .isNull();
            client.query("select takes_lock()");
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.pinned().count(StateKind.ADVISORY_LOCK) == 1);
            client.query("discard all");
            await().until(() -> pool.pinned().count() == 0);
            assertThat(lockCount()).isZero();
        }
    }

    @Test
    void whatAFunctionOfAPlainSelectMakesIsNotSeenByOthers() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "state_check_sample", "0");
                WireClient client = login(proxy);
                WireClient other = login(proxy)) {
            assertThat(client.query("select takes_lock()")).contains("D[1]");
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.pinned().count(StateKind.ADVISORY_LOCK) == 1);
            assertThat(other.query(
                            "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"))
                    .contains("D[0]");
            assertThat(client.query("select pg_advisory_unlock(5)")).contains("D[t]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"set role pg_monitor", "create temp table x (a int)", "set work_mem = '7MB'"})
    void aClientThatLeavesBeforeItsStateIsKnownLeavesNothing(String statement) throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1");
                WireClient other = login(proxy)) {
            for (int i = 0; i < 5; i++) {
                try (WireClient client = login(proxy)) {
                    client.query(statement);
                    client.send(terminate());
                }
                assertThat(other.query("select current_user, current_setting('work_mem'), to_regclass('pg_temp.x')"))
                        .contains("D[postgres|4MB|null]");
            }
        }
    }

    @Test
    void currvalAndLastvalAreOnesOwn() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "shuffle", "false");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            assertThat(one.query("select nextval('s')")).contains("D[1]");
            assertThat(one.query("insert into t (a) values (1)")).contains("INSERT");
            // On a backend that the other has used: not its value, and not the own one either, the first time.
            assertThat(two.query("select currval('s')")).contains("E[55000");
            assertThat(two.query("select lastval()")).contains("E[55000");
            assertThat(two.query("insert into t (a) values (2)")).contains("INSERT");
            assertThat(one.query("select 1")).contains("D[1]");
            assertThat(two.query("select lastval()")).contains("D[2]");
            assertThat(two.query("select currval('t_id_seq')")).contains("D[2]");
            assertThat(two.exchange(unnamed("select lastval()"), sync())).contains("D[2]");
            assertThat(proxy.pool(database, "postgres").pinned().count(StateKind.SEQUENCE))
                    .isEqualTo(1);
            assertThat(two.query("discard sequences")).contains("DISCARD");
            assertThat(two.query("select lastval()")).contains("E[55000");
            proxy.awaitQuiet();
        }
    }

    @Test
    void currvalInATransactionWhoseBackendOthersHaveUsed() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "max_pinned", "1", "shuffle", "false");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            one.query("select nextval('s')");
            two.query("begin");
            two.query("insert into t (a) values (1)");
            assertThat(two.query("select currval('s')"))
                    .contains("E[55000", "first use")
                    .endsWith("Z[E]");
            two.query("rollback");
            two.query("begin");
            assertThat(two.query("insert into t (a) values (1)")).contains("INSERT");
            assertThat(two.query("select currval('t_id_seq')")).contains("D[2]");
            assertThat(two.query("select currval('s')")).contains("E[55000").doesNotContain("first use");
            two.query("rollback");
        }
    }

    @Test
    void sequencesAreKeptFromTheStartIfAskedFor() throws Exception {
        try (RunningProxy proxy = proxy("sequence_state", "keep", "connection_limit", "3", "shuffle", "false");
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            one.query("insert into t (a) values (1)");
            two.query("insert into t (a) values (1)");
            assertThat(one.query("select lastval()")).contains("D[1]");
            assertThat(two.query("select lastval()")).contains("D[2]");
        }
    }

    @Test
    void theFirstOfItsKindIsLogged() throws Exception {
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = proxy();
                WireClient one = login(proxy);
                WireClient two = login(proxy)) {
            one.query("create temp table x (a int)");
            two.query("create temp table x (a int)");
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.pinned().count(StateKind.TEMPORARY_OBJECT) == 2);
            assertThat(log.lines().stream().filter(line -> line.contains("keeps its backend for temporary objects")))
                    .singleElement()
                    .asString()
                    .contains("CREATE_TEMP");
        }
    }

    private long lockCount() throws Exception {
        return Long.parseLong(
                String.valueOf(postgres.queryForString("select count(*) from pg_locks l join pg_database d on d.oid ="
                        + " l.database where locktype = 'advisory' and datname = '" + database + "'")));
    }

    private RunningProxy proxy(String... settings) {
        return RunningProxy.before(postgres, settings);
    }

    private WireClient login(RunningProxy proxy) throws Exception {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
