package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that breaks off at the worst moment, or says what nobody asked for. */
class BrokenServerTest {
    /** Answers queries like a server; "DIE" in a message, or COMMIT if told so, closes the connection instead. */
    private static final class Server implements FakePostgres.Script {
        private volatile String deadly = "DIE";
        private volatile byte[] lastWords = {};
        private volatile byte[] instead = {};

        @Override
        public void run(FakeConnection connection) throws Exception {
            connection.startup();
            connection.welcome();
            char state = 'I';
            String prepared = "";
            while (true) {
                FakeConnection.Message message = connection.receive();
                String text = message.toString();
                switch (message.type()) {
                    case 'Q' -> {
                        if (text.contains(deadly)) {
                            connection.send(lastWords);
                            return;
                        }
                        if (text.contains("ODD")) {
                            connection.send(instead);
                            continue;
                        }
                        state = after(text, state);
                        connection.send(answer(text), Backend.readyForQuery(state));
                    }
                    case 'P' -> {
                        prepared = text.contains("COMMIT") ? "COMMIT" : text;
                        connection.send(Backend.parseComplete());
                    }
                    case 'B' -> connection.send(Backend.bindComplete());
                    case 'D' -> connection.send(Backend.noData());
                    case 'E' -> {
                        if (prepared.contains(deadly)) {
                            return;
                        }
                        state = after(prepared, state);
                        connection.send(Backend.commandComplete("DONE"));
                    }
                    case 'S' -> connection.send(Backend.readyForQuery(state));
                    case 'X' -> {
                        return;
                    }
                    default -> {}
                }
            }
        }

        private static char after(String text, char state) {
            if (text.contains("BEGIN")) {
                return 'T';
            }
            return text.contains("COMMIT") || text.contains("ROLLBACK") ? 'I' : state;
        }

        private static byte[] answer(String text) {
            String word = text.substring(2, text.length() - 1).split(" ")[0];
            return Backend.commandComplete(word);
        }
    }

    private final Server script = new Server();
    private FakePostgres server;
    private RunningProxy proxy;
    private WireClient client;
    private WireClient other;
    private LogWatch log;

    @BeforeEach
    void open() throws IOException {
        server = FakePostgres.start(script);
        proxy = RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*", "connection_limit", "2");
        client = login();
        other = login();
        log = new LogWatch();
    }

    @AfterEach
    void everybodyElseGoesOn() throws IOException {
        assertThat(other.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
        log.close();
        client.close();
        other.close();
        proxy.awaitQuiet();
        proxy.close();
        server.close();
    }

    @Test
    void aCommitThatIsNotAnsweredIsUnknown() throws IOException {
        script.deadly = "COMMIT";
        beginAndInsert();
        assertUnknown(client.query("COMMIT"));
        assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
    }

    @Test
    void aCommitOfTheExtendedProtocolThatIsNotAnsweredIsUnknown() throws IOException {
        script.deadly = "COMMIT";
        beginAndInsert();
        assertUnknown(client.exchange(unnamed("COMMIT"), sync()));
        assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
    }

    @Test
    void aCommitThatWasParsedLongBeforeIsUnknown() throws IOException {
        script.deadly = "COMMIT";
        beginAndInsert();
        assertThat(client.exchange(parse("", "COMMIT"), sync())).isEqualTo("1 Z[T]");
        assertUnknown(client.exchange(bind("", ""), execute("", 0), sync()));
    }

    @Test
    void aCommitByNameIsUnknown() throws IOException {
        client.exchange(parse("c", "COMMIT"), sync());
        script.deadly = "COMMIT";
        beginAndInsert();
        assertUnknown(client.exchange(bind("", "c"), execute("", 0), sync()));
    }

    @Test
    void aCommitBehindOtherWorkInAPipelineIsUnknown() throws IOException {
        script.deadly = "COMMIT";
        client.query("BEGIN");
        client.query("INSERT");
        client.send(query("INSERT"), query("INSERT"), query("COMMIT"));
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[INSERT] Z[T]");
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[INSERT] Z[T]");
        assertUnknown(ServerMessage.transcript(client.readUntilReady()));
    }

    @Test
    void workBehindAnAnsweredCommitIsOnlyLost() throws IOException {
        client.query("BEGIN");
        client.query("INSERT");
        client.send(query("COMMIT"), query("DIE"));
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[COMMIT] Z[I]");
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .startsWith("E[08006")
                .endsWith("Z[I]");
    }

    @Test
    void aRowThatBreaksOffInTheMiddleClosesItsClientOnly() throws IOException {
        byte[] row = Backend.dataRow("x".repeat(50_000));
        script.lastWords = Frontend.join(Backend.rowDescription("a"), Arrays.copyOf(row, 30_000));
        client.send(query("DIE"));
        assertThat(client.read()).hasToString("T[a]");
        assertThatThrownBy(client::read).isInstanceOfAny(EOFException.class, SocketException.class);
    }

    @Test
    void neitherIsAShortRowThatBreaksOff() throws IOException {
        byte[] row = Backend.dataRow("x".repeat(10_000));
        for (int length : new int[] {6, 20, row.length - 1}) {
            script.lastWords =
                    Frontend.join(Backend.rowDescription("a"), Backend.dataRow("whole"), Arrays.copyOf(row, length));
            assertThat(client.query("DIE")).startsWith("T[a] D[whole] E[08006").endsWith("Z[I]");
            assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
        }
    }

    @Test
    void aHeaderThatBreaksOffIsNotPassedOn() throws IOException {
        script.lastWords = Frontend.join(Backend.rowDescription("a"), new byte[] {'D', 0, 0});
        assertThat(client.query("DIE")).startsWith("T[a] E[08006").endsWith("Z[I]");
        assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
    }

    static Stream<Arguments> surprises() {
        return Stream.of(
                Arguments.of("BindComplete", Backend.bindComplete()),
                Arguments.of("ParseComplete", Backend.parseComplete()),
                Arguments.of("NoData", Backend.noData()),
                Arguments.of("an authentication request", Backend.authenticationCleartext()),
                Arguments.of("BackendKeyData", Backend.backendKeyData(1, new byte[4])),
                Arguments.of("FunctionCallResponse", Frontend.raw('V', new byte[] {0, 0, 0, 0})),
                Arguments.of("PortalSuspended", Frontend.raw('s', new byte[0])),
                Arguments.of("an unknown type", Frontend.raw('?', new byte[3])),
                Arguments.of("type 0", new byte[20]),
                Arguments.of("a negative length", header('C', -5)),
                Arguments.of("a length of 3", header('D', 3)),
                Arguments.of("more than a gigabyte", header('D', 0x7fffffff)),
                Arguments.of("ReadyForQuery without a status", Frontend.raw('Z', new byte[0])));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("surprises")
    void aSurpriseCostsTheBackendAndOneError(String name, byte[] surprise) throws IOException {
        script.instead = surprise;
        assertThat(client.query("ODD")).startsWith("E[08006").endsWith("Z[I]");
        assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
        await().until(() -> server.open() <= 2);
    }

    static Stream<Arguments> unasked() {
        return Stream.of(
                Arguments.of("a row", Backend.dataRow("secret")),
                Arguments.of("ReadyForQuery", Backend.readyForQuery('I')),
                Arguments.of("CommandComplete", Backend.commandComplete("SELECT 1")),
                Arguments.of("FATAL, and the connection stays open", fatal()),
                Arguments.of(
                        "an error and ReadyForQuery",
                        Frontend.join(Backend.errorResponse("ERROR", "XX000", "?"), Backend.readyForQuery('I'))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unasked")
    void whatComesBehindTheLastReplyReachesNobody(String name, byte[] more) throws IOException {
        script.deadly = "never";
        script.instead = Frontend.join(Backend.commandComplete("ODD"), Backend.readyForQuery('I'), more);
        assertThat(client.query("ODD")).isEqualTo("C[ODD] Z[I]");
        for (int i = 0; i < 5; i++) {
            assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
            assertThat(other.query("OTHER")).isEqualTo("C[OTHER] Z[I]");
        }
    }

    static Stream<Arguments> harmless() {
        return Stream.of(
                Arguments.of("a notice", Backend.noticeResponse("WARNING", "01000", "to nobody")),
                Arguments.of("a notification", Backend.notificationResponse(7, "channel", "not yours")),
                Arguments.of("a parameter", Backend.parameterStatus("TimeZone", "Mars")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("harmless")
    void whatMayComeAtAnyTimeReachesNoOtherClient(String name, byte[] more) throws IOException {
        script.instead = Frontend.join(Backend.commandComplete("ODD"), Backend.readyForQuery('I'), more);
        assertThat(client.query("ODD")).isEqualTo("C[ODD] Z[I]");
        assertThat(other.query("OTHER")).isIn("C[OTHER] Z[I]", "S[TimeZone=Mars] C[OTHER] Z[I]");
    }

    @Test
    void anErrorWithoutFieldsIsAnError() throws IOException {
        script.instead = Frontend.join(Frontend.raw('E', new byte[] {0}), Backend.readyForQuery('I'));
        client.send(query("ODD"));
        assertThat(client.read().type()).isEqualTo('E');
        assertThat(client.read()).hasToString("Z[I]");
    }

    @Test
    void fatalInTheMiddleIsToldOnceAndAsOurs() throws IOException {
        script.lastWords = fatal();
        String answer = client.query("DIE");
        assertThat(answer).startsWith("E[08006").endsWith("] Z[I]").doesNotContain("57P01 gone");
        assertThat(client.query("AFTER")).isEqualTo("C[AFTER] Z[I]");
    }

    private void beginAndInsert() throws IOException {
        assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
        assertThat(client.query("INSERT")).isEqualTo("C[INSERT] Z[T]");
    }

    private static void assertUnknown(String answer) {
        assertThat(answer.replaceFirst("^1 ", "").replaceFirst("^2 ", "").replaceFirst("^n ", ""))
                .startsWith("E[08007")
                .endsWith("Z[I]");
    }

    private static byte[] fatal() {
        return Backend.errorResponse("FATAL", "57P01", "gone");
    }

    private static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "d", "u", null);
    }
}
