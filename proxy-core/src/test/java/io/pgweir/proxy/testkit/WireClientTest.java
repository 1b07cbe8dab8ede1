package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireClientTest {

    private final RealPostgres postgres = RealPostgres.get();
    private WireClient client;

    @BeforeEach
    void open() throws IOException {
        client = login(postgres.superuser(), postgres.superuserPassword());
    }

    @AfterEach
    void close() throws IOException {
        client.close();
    }

    @ParameterizedTest
    @EnumSource
    void logsInByEveryMethod(TestRole role) throws IOException {
        try (WireClient other = login(role.user(), role.password())) {
            assertThat(other.value("SELECT current_user")).isEqualTo(role.user());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SCRAM", "MD5", "PLAIN"})
    void aRefusedLoginCarriesTheServersError(TestRole role) {
        assumeThat(postgres.checksPasswords()).isTrue();
        assertThatThrownBy(() -> login(role.user(), "wrong").close())
                .isInstanceOfSatisfying(
                        LoginRefused.class, e -> assertThat(e.sqlState()).isEqualTo("28P01"));
    }

    @Test
    void aSimpleQueryReadsAsOneLine() throws IOException {
        assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
        assertThat(client.query("SELECT 'ä' AS a, NULL AS b")).isEqualTo("T[a|b] D[ä|null] C[SELECT 1] Z[I]");
        assertThat(client.query("")).isEqualTo("I Z[I]");
        assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
        assertThat(client.query("SELECT 1/0")).isEqualTo("E[22012 division by zero] Z[E]");
    }

    @Test
    void loginTellsParametersAndTheRealPid() throws IOException {
        assertThat(client.parameters()).containsEntry("client_encoding", "UTF8").containsKey("server_version");
        assertThat(client.value("SELECT pg_backend_pid()")).isEqualTo(String.valueOf(client.pid()));
    }

    @Test
    void startupParametersArrive() throws IOException {
        Map<String, String> startup = Map.of(
                "user", postgres.superuser(), "database", "postgres", "application_name", "kit", "DateStyle", "German");
        try (WireClient other =
                WireClient.login(postgres.host(), postgres.port(), startup, postgres.superuserPassword())) {
            assertThat(other.value("SHOW application_name")).isEqualTo("kit");
            assertThat(other.parameters()).containsEntry("DateStyle", "German, DMY");
        }
    }

    @Test
    void theExtendedProtocolIsEncodedRight() throws IOException {
        assertThat(client.exchange(
                        Frontend.parse("s", "SELECT $1::int + $2::int AS sum", 23, 0),
                        Frontend.describeStatement("s"),
                        Frontend.bind("p", "s", "40", "2"),
                        Frontend.describePortal("p"),
                        Frontend.execute("p", 0),
                        Frontend.closePortal("p"),
                        Frontend.closeStatement("s"),
                        Frontend.sync()))
                .isEqualTo("1 t[23, 23] T[sum] 2 T[sum] D[42] C[SELECT 1] 3 3 Z[I]");
    }

    @Test
    void binaryParametersAndRowLimitsWork() throws IOException {
        byte[] three = {0, 0, 0, 3};
        assertThat(client.exchange(
                        Frontend.parse("", "SELECT g::text FROM generate_series(1, $1) g", 23),
                        Frontend.bind("", "", List.of(1), new byte[][] {three}, List.of(0)),
                        Frontend.execute("", 2),
                        Frontend.execute("", 2),
                        Frontend.sync()))
                .isEqualTo("1 2 D[1] D[2] s D[3] C[SELECT 1] Z[I]");
    }

    @Test
    void nullParametersAreNull() throws IOException {
        client.send(Frontend.unnamed("SELECT $1::text IS NULL", (String) null), Frontend.sync());
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .isEqualTo("1 2 T[?column?] D[t] C[SELECT 1] Z[I]");
    }

    @Test
    void flushBringsAnswersWithoutSync() throws IOException {
        client.send(Frontend.unnamed("SELECT 1"), Frontend.flush());
        assertThat(ServerMessage.transcript(client.readUntil('C'))).isEqualTo("1 2 T[?column?] D[1] C[SELECT 1]");
        assertThat(client.poll(Duration.ofMillis(50))).isNull();
        assertThat(client.exchange(Frontend.sync())).isEqualTo("Z[I]");
    }

    @Test
    void copyGoesInAndOutAndFails() throws IOException {
        client.query("CREATE TEMP TABLE c (a int, b text)");
        client.send(Frontend.query("COPY c FROM STDIN"));
        assertThat(client.read()).hasToString("G[0 2 columns]");
        assertThat(client.exchange(Frontend.copyData("1\tx\n"), Frontend.copyData("2\ty\n"), Frontend.copyDone()))
                .isEqualTo("C[COPY 2] Z[I]");
        assertThat(client.query("COPY c TO STDOUT")).isEqualTo("H[0 2 columns] d[4 bytes] d[4 bytes] c C[COPY 2] Z[I]");
        client.send(Frontend.query("COPY c FROM STDIN"));
        client.readUntil('G');
        assertThat(client.exchange(Frontend.copyFail("no"))).startsWith("E[57014 COPY from stdin failed: no]");
    }

    @Test
    void aFunctionIsCalled() throws IOException {
        int abs = Integer.parseInt(String.valueOf(client.value("SELECT 'abs(int)'::regprocedure::oid::int")));
        client.send(Frontend.functionCall(abs, List.of(0), new byte[][] {Frontend.utf8("-7")}, 0));
        ServerMessage result = client.read();
        assertThat(result.type()).isEqualTo('V');
        assertThat(result.body()).containsExactly(0, 0, 0, 1, '7');
        assertThat(client.readUntilReady()).hasSize(1);
    }

    @Test
    void aRunningQueryIsCancelled() throws IOException {
        client.send(Frontend.query("SELECT pg_sleep(60) FROM pg_stat_activity"));
        Awaitility.await()
                .until(() -> "active"
                        .equals(postgres.queryForString(
                                "SELECT state FROM pg_stat_activity WHERE pid = " + client.pid())));
        client.cancel();
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .endsWith("E[57014 canceling statement due to user request] Z[I]");
    }

    @Test
    @Timeout(5)
    void everyReadIsAsPatientAsItsClient() {
        client.patient(Duration.ofMillis(20));
        assertThatThrownBy(client::read).isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(client::readByte).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void encryptionRequestsGetOneByte() throws IOException {
        try (WireClient other = WireClient.connect(postgres.host(), postgres.port())) {
            assertThat(other.send(Frontend.gssEncRequest()).readByte()).isEqualTo('N');
            assertThat(other.send(Frontend.sslRequest()).readByte()).isIn('N', 'S');
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void piecesOfAnySizeGiveTheSameAnswer(int size) throws IOException {
        byte[] pipeline = Frontend.join(Frontend.unnamed("SELECT $1::int", "5"), Frontend.sync());
        client.sendInPieces(pipeline, size);
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("1 2 T[int4] D[5] C[SELECT 1] Z[I]");
    }

    @Test
    void cutsMayBeAnywhere() throws IOException {
        byte[] query = Frontend.query("SELECT 5 AS five");
        for (int cut = 0; cut <= query.length; cut++) {
            client.sendCut(query, cut);
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("T[five] D[5] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aLargeRowArrivesWhole() throws IOException {
        client.send(Frontend.query("SELECT repeat('x', 3000000)"));
        List<ServerMessage> messages = client.readUntilReady();
        assertThat(messages.get(1).values().get(0)).hasSize(3_000_000);
    }

    @Test
    void terminateEndsTheConnection() throws IOException {
        client.send(Frontend.terminate());
        assertThat(client.readUntilClosed()).isEmpty();
    }

    private WireClient login(String user, String password) throws IOException {
        return WireClient.login(postgres.host(), postgres.port(), "postgres", user, password);
    }
}
