package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients are told of the server's parameters when these change under a running pgweir. */
class ChangedServerTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private FaultProxy network;
    private RunningProxy proxy;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        network = FaultProxy.to(postgres.host(), postgres.port(), 1);
        proxy = RunningProxy.before(network, "connection_limit", "2");
    }

    @AfterEach
    void close() throws Exception {
        proxy.close();
        network.close();
        postgres.dropDatabase(database);
    }

    private WireClient login(String... more) throws IOException {
        Map<String, String> startup = new HashMap<>(Map.of("user", "postgres", "database", database));
        for (int i = 0; i < more.length; i += 2) {
            startup.put(more[i], more[i + 1]);
        }
        return WireClient.login(proxy.host(), proxy.port(), startup, null);
    }

    private void zone(String name) throws Exception {
        postgres.execute("ALTER DATABASE " + database + " SET TimeZone TO '" + name + "'");
    }

    private void endBackends() throws Exception {
        proxy.awaitQuiet(); // what a SET has done to its backend is being looked at
        for (RealPostgres.Backend backend : postgres.backends(database)) {
            postgres.terminate(backend.pid());
        }
        await().until(() -> proxy.pool(database, "postgres").open() == 0);
    }

    @Test
    void aLoginAfterTheBackendsAreLostIsToldWhatTheServerSaysNow() throws Exception {
        zone("Asia/Tokyo");
        try (WireClient before = login()) {
            assertThat(before.parameters()).containsEntry("TimeZone", "Asia/Tokyo");
            zone("Asia/Karachi");
            endBackends();
            try (WireClient after = login();
                    WireClient own = login("TimeZone", "Asia/Kabul")) {
                assertThat(after.parameters()).containsEntry("TimeZone", "Asia/Karachi");
                assertThat(own.parameters()).containsEntry("TimeZone", "Asia/Kabul");
            }
        }
    }

    @Test
    void aLoginAfterAnotherBackendHasBeenOpenedIsToldWhatThatOneSays() throws Exception {
        zone("Asia/Tokyo");
        try (WireClient holder = login();
                WireClient second = login()) {
            holder.query("BEGIN");
            holder.query("SELECT 1");
            zone("Asia/Karachi");
            assertThat(second.query("SHOW TimeZone"))
                    .isEqualTo("S[TimeZone=Asia/Karachi] T[TimeZone] D[Asia/Karachi] C[SHOW] Z[I]");
            try (WireClient after = login()) {
                assertThat(after.parameters()).containsEntry("TimeZone", "Asia/Karachi");
            }
            holder.query("COMMIT");
        }
    }

    /** PostgreSQL would have ended their connections. */
    @Test
    void whoIsConnectedIsToldWithItsNextStatement() throws Exception {
        zone("Asia/Tokyo");
        try (WireClient plain = login();
                WireClient own = login("TimeZone", "Asia/Kabul")) {
            own.query("SET DateStyle = 'German'");
            zone("Asia/Karachi");
            endBackends();
            assertThat(plain.query("SELECT 1")).isEqualTo("S[TimeZone=Asia/Karachi] T[?column?] D[1] C[SELECT 1] Z[I]");
            assertThat(plain.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
            plain.query("SET TimeZone = 'UTC'");
            assertThat(plain.query("RESET TimeZone")).isEqualTo("C[RESET] S[TimeZone=Asia/Karachi] Z[I]");
            assertThat(own.query("SELECT now() IS NULL")).isEqualTo("T[?column?] D[f] C[SELECT 1] Z[I]");
            assertThat(own.query("RESET TimeZone")).doesNotContain("Karachi");
            assertThat(own.value("SHOW TimeZone")).isEqualTo("Asia/Kabul");
            assertThat(own.value("SHOW DateStyle")).startsWith("German");
        }
    }

    @Test
    void whatWasSoBeforeIsToldWhileTheServerIsAwayAndCorrectedAfterwards() throws Exception {
        zone("Asia/Tokyo");
        try (WireClient before = login()) {
            assertThat(before.parameters()).containsEntry("TimeZone", "Asia/Tokyo");
            zone("Asia/Karachi");
            network.refuse(true);
            network.resetAll();
            await().until(() -> proxy.pool(database, "postgres").open() == 0);
            try (WireClient meanwhile = login()) {
                assertThat(meanwhile.parameters()).containsEntry("TimeZone", "Asia/Tokyo");
                assertThat(meanwhile.query("SELECT 1")).startsWith("E[57P03").endsWith("Z[I]");
                network.refuse(false);
                await().untilAsserted(() -> assertThat(meanwhile.query("SELECT 1"))
                        .isEqualTo("S[TimeZone=Asia/Karachi] T[?column?] D[1] C[SELECT 1] Z[I]"));
            }
        }
    }

    /** A login does not wait for a server that says nothing as long as it would for one it knows nothing of. */
    @Test
    void aServerThatDoesNotAnswerHoldsUpNoLoginForLong() throws Exception {
        zone("Asia/Tokyo");
        try (WireClient before = login()) {
            before.query("SELECT 1");
            endBackends();
            network.toClient().stall();
            long begin = System.nanoTime();
            try (WireClient meanwhile = login()) {
                assertThat(meanwhile.parameters()).containsEntry("TimeZone", "Asia/Tokyo");
                assertThat(System.nanoTime() - begin).isLessThan(8_000_000_000L);
            }
            network.resetAll();
            network.toClient().resume();
        }
    }

    /** Says what it is told to say, and closes the connection at DIE. */
    private static final class Server implements FakePostgres.Script {
        private volatile String version = "16.4";
        private volatile FakeConnection last;

        @Override
        public void run(FakeConnection connection) throws Exception {
            connection.startup();
            last = connection;
            connection.send(
                    Backend.authenticationOk(),
                    Backend.parameterStatus("server_version", version),
                    Backend.parameterStatus("client_encoding", "UTF8"),
                    Backend.parameterStatus("TimeZone", "UTC"),
                    Backend.backendKeyData(connection.number(), new byte[4]),
                    Backend.readyForQuery('I'));
            while (true) {
                FakeConnection.Message message = connection.receive();
                if (message.type() == 'X' || message.toString().contains("DIE")) {
                    return;
                }
                connection.send(Backend.commandComplete("DONE"), Backend.readyForQuery('I'));
            }
        }
    }

    @Test
    void aLoginAfterAnUpgradeIsToldTheNewVersion() throws Exception {
        Server script = new Server();
        try (FakePostgres server = FakePostgres.start(script);
                RunningProxy fakes = RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*");
                WireClient before = WireClient.login(fakes.host(), fakes.port(), "d", "u", null)) {
            assertThat(before.parameters()).containsEntry("server_version", "16.4");
            script.version = "17.2";
            before.query("DIE");
            try (WireClient after = WireClient.login(fakes.host(), fakes.port(), "d", "u", null)) {
                assertThat(after.parameters()).containsEntry("server_version", "17.2");
            }
            assertThat(before.query("ON")).isEqualTo("S[server_version=17.2] C[DONE] Z[I]");
        }
    }

    /** A reload of the configuration, which PostgreSQL tells to idle connections as well. */
    @Test
    void whatAnIdleBackendReportsIsToldToTheNextLogin() throws Exception {
        Server script = new Server();
        try (FakePostgres server = FakePostgres.start(script);
                RunningProxy fakes =
                        RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*", "connection_limit", "1");
                WireClient before = WireClient.login(fakes.host(), fakes.port(), "d", "u", null)) {
            fakes.awaitQuiet();
            script.last.send(Backend.parameterStatus("TimeZone", "Mars"));
            await().untilAsserted(() -> {
                try (WireClient after = WireClient.login(fakes.host(), fakes.port(), "d", "u", null)) {
                    assertThat(after.parameters()).containsEntry("TimeZone", "Mars");
                }
            });
            assertThat(before.query("ON")).isEqualTo("S[TimeZone=Mars] C[DONE] Z[I]");
        }
    }
}
