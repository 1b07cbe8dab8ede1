package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.insight.Cause;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A pool timeout says who had the connections and why: each cause made to happen, the message read as a client gets it. */
class PoolTimeoutCauseTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();

    private final List<WireClient> clients = new ArrayList<>();
    private String database = "";

    @BeforeEach
    void createDatabase() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterEach
    void close() throws Exception {
        for (WireClient client : clients) {
            client.close();
        }
        POSTGRES.dropDatabase(database);
    }

    @Test
    void transactionsLeftOpen() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "pool_timeout", "600ms")) {
            WireClient one = login(proxy, "web");
            WireClient two = login(proxy, "web");
            WireClient waiter = login(proxy, "other");
            String tags = "/*prismaQuery='Course.findMany:e30',route='%2Fapi%2Fenroll'*/";
            for (WireClient holder : List.of(one, two)) {
                holder.query("begin");
                holder.query("select count(*) from pg_class where relname = 'hunter2' " + tags);
            }
            String pid = one.value("select pg_backend_pid() " + tags);
            one.query("select count(*) from pg_class where relname = 'hunter2' " + tags);
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.gist())
                    .matches("pool timeout: waited 0\\.[6-9]s, 2/2 busy, 0 waiting\\. most of pool time held by"
                            + " /api/enroll Course\\.findMany: select count\\(\\*\\) from pg_class where relname = \\?,"
                            + " IDLE IN TRANSACTION \\(2 connections, oldest [^,]*s, no SQL for [^)]*s\\)\\."
                            + " Cause: transactions left open while the app does other work\\. incident [0-9a-f]{6}");
            assertThat(failure.detail())
                    .matches("Pool " + database + "/postgres: .*\\d% idle in transaction[,;] .*")
                    .contains("backend " + pid + " for client 127.0.0.1:");
            assertThat(failure.hint()).contains("before or after the transaction");
            one.query("commit");
            assertThat(waiter.query("select 1")).contains("D[1]");
        }
    }

    @Test
    void aDeadlockOfAProcessWithItself() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "pool_timeout", "700ms")) {
            List<WireClient> holders = List.of(login(proxy, "app 1"), login(proxy, "app 2"));
            List<WireClient> waiters = List.of(login(proxy, "app 1"), login(proxy, "app 2"));
            for (WireClient holder : holders) {
                holder.query("begin");
                holder.query("update pg_class set relname = relname where false");
            }
            // The one that is told has less patience, so that the other surely still waits then.
            waiters.get(0).query("SET pgweir.pool_timeout = '400ms'");
            waiters.get(1).send(Frontend.query("select 1"));
            PoolFailure failure = PoolFailure.of(waiters.get(0));
            assertThat(failure.message())
                    .contains(
                            "Cause: likely a deadlock of the app with itself, every connection is idle in a transaction whose"
                                    + " own process waits here. incident ");
            assertThat(failure.hint()).contains("Prisma: tx");
            waiters.get(1).readUntilReady();
            holders.get(0).query("commit");
        }
    }

    @Test
    void oneSlowStatement() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "800ms")) {
            WireClient holder = login(proxy, "report");
            WireClient waiter = login(proxy, "web");
            holder.send(Frontend.query("SELECT pg_sleep(30), 'hunter2' AS secret"));
            awaitActive(1);
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message()).doesNotContain("hunter2");
            assertThat(failure.gist())
                    .contains("most of pool time held by report: select pg_sleep(?), ? as secret, running"
                            + " (1 connection, longest for ")
                    .contains("Cause: one slow statement")
                    .doesNotContain("hunter2");
            assertThat(failure.hint()).contains("EXPLAIN");
            holder.cancel();
            holder.readUntilReady();
        }
    }

    @Test
    void severalSlowStatements() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "3", "pool_timeout", "800ms")) {
            List<WireClient> holders = List.of(login(proxy, "a"), login(proxy, "b"), login(proxy, "c"));
            WireClient waiter = login(proxy, "web");
            for (int i = 0; i < 3; i++) {
                holders.get(i).send(Frontend.unnamed("select pg_sleep(30)" + ", 1 as x".repeat(i)), Frontend.sync());
            }
            awaitActive(3);
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message())
                    .containsPattern("3[0-9]% of pool time held by [abc]: select pg_sleep")
                    .contains("Cause: several slow statements");
            for (WireClient holder : holders) {
                holder.cancel();
                holder.readUntilReady();
            }
        }
    }

    @Test
    void aClientThatDoesNotRead() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "800ms")) {
            WireClient holder = login(proxy, "export");
            WireClient waiter = login(proxy, "web");
            holder.send(Frontend.query("select repeat('x', 1000) from generate_series(1, 100000)"));
            Pool pool = proxy.pool(database, "postgres");
            await().until(() -> pool.states().containsKey(io.pgweir.proxy.insight.HoldState.SLOW_CLIENT));
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message())
                    .contains("held by export: select repeat(?, ?) from generate_series(?, ?),"
                            + " WAITING FOR A SLOW CLIENT (1 connection, oldest ")
                    .contains("Cause: clients read their results too slowly");
            holder.readUntilReady();
        }
    }

    @Test
    void aPoolTooSmallForManyShortStatements() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "2", "pool_timeout", "600ms")) {
            for (int i = 0; i < 120; i++) {
                login(proxy, "web");
            }
            for (WireClient client : clients) {
                client.send(Frontend.query("select pg_sleep(0.02)"));
            }
            List<PoolFailure> failures = new ArrayList<>();
            for (WireClient client : clients) {
                List<ServerMessage> answer = client.readUntilReady();
                if (answer.get(0).type() == 'E') {
                    failures.add(PoolFailure.of(answer.get(0)));
                }
            }
            assertThat(failures).hasSizeBetween(20, 119);
            assertThat(failures)
                    .allSatisfy(
                            failure -> assertThat(failure.message())
                                    .contains("held by web: select pg_sleep(?), running")
                                    .contains(
                                            "Cause: all short, the pool is too small for the load (each holds a connection for "));
            assertThat(failures.get(0).hint()).contains("Raise connection_limit");
        }
    }

    @Test
    void aServerThatRefusesMoreConnections() throws Exception {
        String role = "limited_" + database;
        POSTGRES.execute("create role " + role + " login connection limit 1");
        try (RunningProxy proxy = proxy("connection_limit", "3", "pool_timeout", "800ms")) {
            WireClient holder = keep(WireClient.login(proxy.host(), proxy.port(), database, role, null));
            WireClient waiter = keep(WireClient.login(proxy.host(), proxy.port(), database, role, null));
            holder.query("begin");
            assertThat(holder.query("select 1")).contains("D[1]");
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message())
                    .contains("Cause: the server refuses connections: too many connections for role \"" + role + "\"");
            assertThat(failure.hint()).contains("max_connections");
            holder.query("commit");
            assertThat(waiter.query("select 1")).contains("D[1]");
        } finally {
            POSTGRES.dropDatabase(database);
            POSTGRES.execute("drop role " + role);
        }
    }

    @Test
    void aServerThatCannotBeReachedAnyMore() throws Exception {
        try (FaultProxy faults = FaultProxy.to(POSTGRES.host(), POSTGRES.port(), 1);
                RunningProxy proxy = RunningProxy.before(faults, "connection_limit", "3", "pool_timeout", "800ms")) {
            WireClient holder = login(proxy, "web");
            WireClient waiter = login(proxy, "web");
            holder.query("begin");
            assertThat(holder.query("select 1")).contains("D[1]");
            faults.refuse(true);
            PoolFailure failure = PoolFailure.of(waiter);
            assertThat(failure.message()).contains("1/3 busy").contains("Cause: the server cannot be reached: ");
            faults.refuse(false);
            holder.query("commit");
            await().until(() -> waiter.query("select 1").contains("D[1]"));
        }
    }

    @Test
    void sessionsThatKeepTheirConnections() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "600ms", "pool_mode", "session")) {
            login(proxy, "idler").query("select 1");
            WireClient refused = keep(WireClient.connect(proxy.host(), proxy.port()));
            refused.send(Frontend.startup(0, Map.of("user", "postgres", "database", database)));
            List<ServerMessage> messages = refused.readUntilClosed();
            ServerMessage last = messages.get(messages.size() - 1);
            assertThat(last.fields()).containsEntry('S', "FATAL");
            assertThat(PoolFailure.of(last).gist())
                    .contains("most of pool time held by idler: select ?, IDLE IN SESSION (1 connection, oldest ")
                    .contains("Cause: clients keep connections of their own");
        }
    }

    @Test
    void theCauseIsCounted() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1", "pool_timeout", "300ms")) {
            WireClient holder = login(proxy, "a");
            WireClient waiter = login(proxy, "b");
            holder.query("begin");
            holder.query("select 1");
            PoolFailure.of(waiter);
            Pool pool = proxy.pool(database, "postgres");
            assertThat(pool.allMetrics().stream()
                            .mapToLong(metrics -> metrics.poolTimeouts.get(Cause.IDLE_IN_TRANSACTION))
                            .sum())
                    .isEqualTo(1);
        }
    }

    private static RunningProxy proxy(String... settings) {
        String[] all = java.util.Arrays.copyOf(settings, settings.length + 2);
        all[settings.length] = "shutdown_timeout";
        all[settings.length + 1] = "100ms";
        return RunningProxy.before(POSTGRES, all);
    }

    private WireClient login(RunningProxy proxy, String application) throws Exception {
        return keep(WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("user", "postgres", "database", database, "application_name", application),
                null));
    }

    private WireClient keep(WireClient client) {
        clients.add(client);
        return client;
    }

    private void awaitActive(int count) {
        await().until(() -> POSTGRES.backends(database).stream()
                        .filter(backend -> "active".equals(backend.state()))
                        .count()
                == count);
    }
}
