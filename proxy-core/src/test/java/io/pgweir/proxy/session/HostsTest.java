package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two real servers, a primary and a standby that streams from it synchronously, under clients that go on working. Each test
 * prints its figures.
 */
@Timeout(120)
class HostsTest {
    private static final int CLIENTS = 12;
    /** Ten times less than the timeout, and more than the half second between questions at most. */
    private static final Duration SOON = Duration.ofMillis(1_500);

    private final List<OwnPostgres> started = new ArrayList<>();
    private OwnPostgres first;
    private OwnPostgres second;

    private void start() throws Exception {
        first = OwnPostgres.start(40);
        started.add(first);
        second = first.standby();
        started.add(second);
        try (WireClient direct = first.connect()) {
            direct.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
            direct.query("SELECT pg_reload_conf()");
            await().until(() -> "sync".equals(direct.value("SELECT max(sync_state) FROM pg_stat_replication")));
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (OwnPostgres server : started) {
            server.close();
        }
    }

    private RunningProxy proxy(String target, String... settings) {
        return RunningProxy.at(
                "postgresql://127.0.0.1:" + first.port() + ",127.0.0.1:" + second.port() + "/*?target_session_attrs="
                        + target + "&connection_limit=5&pool_timeout=20s&connect_timeout=2s",
                settings);
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return login(proxy, "postgres");
    }

    private static WireClient login(RunningProxy proxy, String database) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private static int serverOf(WireClient client) throws IOException {
        return Integer.parseInt(String.valueOf(client.value("SELECT inet_server_port()")));
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }

    private void fenceFirst() throws IOException {
        try (WireClient direct = first.connect()) {
            direct.query("ALTER SYSTEM SET default_transaction_read_only = on");
            direct.query("SELECT pg_reload_conf()");
        }
    }

    private long promoteSecond() throws IOException {
        try (WireClient direct = second.connect()) {
            assertThat(direct.value("SELECT pg_promote()")).isEqualTo("t");
        }
        return System.nanoTime();
    }

    /** What a page of the HTTP endpoints says. */
    private static String page(RunningProxy proxy, String path) throws IOException {
        var address = proxy.proxy().httpAddress();
        try (var in = URI.create("http://127.0.0.1:" + address.getPort() + path)
                .toURL()
                .openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void assertRole(RunningProxy proxy, OwnPostgres server, String role) throws IOException {
        String address = "127.0.0.1:" + server.port();
        assertThat(page(proxy, "/health"))
                .contains("{\"server\":\"" + address + "\",\"role\":\"" + role + "\",\"read_only_by_default\":");
        assertThat(page(proxy, "/metrics").lines().filter(line -> line.startsWith("pgweir_server_role{")))
                .contains("pgweir_server_role{role=\"" + role + "\",server=\"" + address + "\"} 1.0")
                .hasSize(2 * 3)
                .filteredOn(line -> line.endsWith(" 1.0"))
                .hasSize(2);
    }

    private void moves(String what, Workload work, RunningProxy proxy, OutageFigures figures, String allowed)
            throws Exception {
        long found = promoteSecond();
        figures.back();
        await().atMost(SOON).until(() -> work.servedSince(found) == CLIENTS);
        long everybody = millisSince(found);
        assertRole(proxy, second, "primary");
        await().until(figures::isFullRate);
        Pool pool = proxy.pool("postgres", "postgres");
        await().until(() -> connectionsOf(first) == 0);
        assertThat(pool.open()).isLessThanOrEqualTo(5);
        try (WireClient direct = second.connect()) {
            System.out.println(figures.row(what) + ", everybody served after " + everybody + " ms");
            work.stopAndCheck(direct);
        }
        assertThat(work.codes().keySet()).isSubsetOf(allowed);
        assertThat(work.mostOfOneClient(allowed)).as("%s", work.failures()).isLessThanOrEqualTo(1);
    }

    /** Clients of the proxy on a server. */
    private static int connectionsOf(OwnPostgres server) {
        try (WireClient direct = server.connect()) {
            return Integer.parseInt(
                    String.valueOf(direct.value("SELECT count(*) FROM pg_stat_activity WHERE backend_type ="
                            + " 'client backend' AND pid <> pg_backend_pid()")));
        } catch (IOException down) {
            return 0;
        }
    }

    @Test
    void aPrimaryThatBecomesReadOnlyIsLeftForTheNewOne() throws Exception {
        start();
        try (RunningProxy proxy = proxy("read-write");
                Workload work = new Workload(CLIENTS, proxy.host(), proxy.port());
                WireClient listener = login(proxy);
                WireClient inTransaction = login(proxy)) {
            listener.query("LISTEN news");
            await().until(() -> work.servedSince(0) == CLIENTS);
            inTransaction.query("BEGIN");
            inTransaction.query("INSERT INTO rows VALUES (1000, 1)");
            assertRole(proxy, first, "primary");
            OutageFigures figures = OutageFigures.begin(work, proxy.pool("postgres", "postgres"));
            fenceFirst();
            Pool pool = proxy.pool("postgres", "postgres");
            await().until(() -> pool.waiting() == CLIENTS + 1); // and who listens for the pool
            assertThat(inTransaction.query("INSERT INTO rows VALUES (1000, 2)"))
                    .as("a transaction from before ends by itself")
                    .contains("C[INSERT 0 1]");
            assertThat(inTransaction.query("COMMIT")).contains("C[COMMIT]");
            try (WireClient impatient = login(proxy)) {
                impatient.query("SET pgweir.pool_timeout = '200ms'");
                long asked = System.nanoTime();
                impatient.send(Frontend.query("SELECT 1"));
                var error = impatient.readUntilReady().get(0).fields();
                assertThat(millisSince(asked)).isBetween(190L, 1_000L);
                assertThat(error).containsEntry('S', "ERROR").containsEntry('C', "57P03");
                assertThat(error.get('M'))
                        .contains("no server of pool postgres/postgres is read-write")
                        .contains("127.0.0.1:" + first.port() + " is a primary, read-only by default")
                        .contains("127.0.0.1:" + second.port() + " is a standby");
                assertThat(error.get('H')).contains("Promote");
                assertRole(proxy, second, "standby");
                moves("the primary becomes read-only, another is promoted", work, proxy, figures, "25006");
                assertThat(serverOf(impatient)).isEqualTo(second.port());
                await("LISTEN has moved as well").until(() -> {
                    impatient.query("NOTIFY news");
                    return listener.query("SELECT 1").contains("news");
                });
            }
        }
    }

    @Test
    void aPrimaryThatCrashesIsLeftForTheNewOne() throws Exception {
        start();
        try (RunningProxy proxy = proxy("read-write");
                Workload work = new Workload(CLIENTS, proxy.host(), proxy.port())) {
            await().until(() -> work.servedSince(0) == CLIENTS);
            OutageFigures figures = OutageFigures.begin(work, proxy.pool("postgres", "postgres"));
            first.crash();
            Pool pool = proxy.pool("postgres", "postgres");
            await().until(() -> pool.waiting() == CLIENTS && pool.servers().noneFits() != null);
            assertThat(String.valueOf(pool.failure()))
                    .contains(first.port() + " is down: could not connect to")
                    .contains(second.port() + " is a standby");
            moves("the primary crashes, another is promoted", work, proxy, figures, "08006");
        }
    }

    @Test
    void replicasServeTheirPoolAndThePrimaryWhileThereIsNone() throws Exception {
        start();
        try (RunningProxy proxy = proxy("prefer-standby");
                RunningProxy strict = proxy("standby", "pool_timeout", "300ms");
                WireClient client = login(proxy);
                WireClient other = login(strict)) {
            assertThat(serverOf(client)).isEqualTo(second.port());
            assertThat(serverOf(other)).isEqualTo(second.port());
            second.crash();
            await().ignoreExceptions().until(() -> serverOf(client) == first.port());
            second.restart();
            await().atMost(Duration.ofSeconds(10)).until(() -> serverOf(client) == second.port());
            await().ignoreExceptions().until(() -> serverOf(other) == second.port());
            promoteSecond();
            other.query("SELECT 1"); // after this one PostgreSQL says what it is now
            assertThat(other.query("SELECT 1"))
                    .startsWith("E[57P03")
                    .contains(first.port() + " is a primary; 127.0.0.1:" + second.port() + " is a primary");
            assertThat(client.query("SELECT 1")).contains("D[1]");
        }
    }

    @Test
    void aDatabaseEntryOfItsOwnReadsFromReplicas() throws Exception {
        start();
        String hosts = "postgresql://postgres@127.0.0.1:" + first.port() + ",127.0.0.1:" + second.port() + "/postgres";
        Path file = Files.createTempFile("pgweir-", ".yaml");
        Files.writeString(file, """
                databases:
                  shop:
                    url: %1$s?target_session_attrs=read-write
                  shop_read:
                    url: %1$s?target_session_attrs=prefer-standby&load_balance_hosts=random
                """.formatted(hosts));
        try (RunningProxy proxy = RunningProxy.with(file);
                WireClient writer = login(proxy, "shop");
                WireClient reader = login(proxy, "shop_read")) {
            writer.query("CREATE TABLE goods (name text)");
            assertThat(writer.query("INSERT INTO goods VALUES ('scales')")).startsWith("C[INSERT 0 1]");
            await().untilAsserted(() ->
                    assertThat(reader.query("SELECT name FROM goods")).contains("D[scales]"));
            assertThat(serverOf(writer)).isEqualTo(first.port());
            assertThat(serverOf(reader)).isEqualTo(second.port());
            assertThat(reader.query("INSERT INTO goods VALUES ('weights')")).startsWith("E[25006");
            assertThat(serverOf(reader)).isEqualTo(second.port());
            assertRole(proxy, first, "primary");
            assertRole(proxy, second, "standby");
            second.crash();
            await().ignoreExceptions().until(() -> serverOf(reader) == first.port());
            assertThat(reader.query("SELECT name FROM goods")).contains("D[scales]");
            assertThat(serverOf(writer)).isEqualTo(first.port());
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void aWriteRefusedForTheClientsOwnReasonsLeavesNothing() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (RunningProxy proxy = RunningProxy.before(postgres, "target_session_attrs", "read-write");
                WireClient client = login(proxy, database);
                WireClient other = login(proxy, database)) {
            client.query("CREATE TABLE own (i int)");
            String backend = client.value("SELECT pg_backend_pid()");
            client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
            for (int i = 0; i < 5; i++) {
                assertThat(client.query("INSERT INTO own VALUES (1)")).startsWith("E[25006");
                assertThat(other.query("INSERT INTO own VALUES (1)")).contains("C[INSERT 0 1]");
            }
            proxy.awaitQuiet();
            assertThat(proxy.pool(database, "postgres").servers().noneFits()).isNull();
            assertThat(postgres.backends(database).stream().map(found -> String.valueOf(found.pid())))
                    .contains(backend);
        } finally {
            postgres.dropDatabase(database);
        }
    }
}
