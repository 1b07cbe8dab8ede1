package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything but a correct startup packet as the first bytes of a connection. */
class BadStartupTest {
    private static final Map<String, String> GOOD = Map.of("user", "postgres", "database", "postgres");
    private static RealPostgres postgres;
    private static RunningProxy proxy;
    private static WireClient bystander;
    private LogWatch log;

    @BeforeAll
    static void open() throws IOException {
        postgres = RealPostgres.get();
        proxy = RunningProxy.before(postgres, "connection_limit", "1");
        bystander = WireClient.login(proxy.host(), proxy.port(), GOOD, null);
    }

    @AfterAll
    static void close() throws IOException {
        bystander.close();
        proxy.close();
    }

    @BeforeEach
    void watch() {
        log = new LogWatch();
    }

    @AfterEach
    void nobodyElseIsHarmed() throws IOException {
        assertThat(bystander.value("SELECT 42")).isEqualTo("42");
        log.assertCalm();
        log.close();
    }

    static Stream<Arguments> noStartupPackets() {
        return Stream.of(
                Arguments.of("HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
                Arguments.of("a TLS hello", new byte[] {0x16, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3, 1, 2, 3}),
                Arguments.of("a password", Frontend.password("secret")),
                Arguments.of("a query", Frontend.query("SELECT 1")),
                Arguments.of("zeros", new byte[100]),
                Arguments.of("random bytes", new byte[] {(byte) 0xde, (byte) 0xad, 1, 2, 3, 4, 5, 6, 7}),
                Arguments.of("length 4", ints(4)),
                Arguments.of("length 7", Frontend.join(ints(7), new byte[3])),
                Arguments.of("a negative length", Frontend.join(ints(-1), new byte[10])),
                Arguments.of("the smallest length there is", Frontend.join(ints(Integer.MIN_VALUE), new byte[10])),
                Arguments.of("10,005 bytes", Frontend.join(ints(10_005, 3 << 16), new byte[9_997])),
                Arguments.of("1.5 GB", ints(1_500_000_000, 3 << 16)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("noStartupPackets")
    void whatIsNoStartupPacketIsClosedInSilence(String name, byte[] bytes) throws IOException {
        try (WireClient client = connect()) {
            assertThat(client.send(bytes).readUntilClosed()).isEmpty();
        } catch (SocketException reset) {
            // Closed before it was read to the end.
        }
        assertThat(log.lines()).hasSizeLessThanOrEqualTo(1);
    }

    static Stream<Arguments> wrongPackets() {
        return Stream.of(
                Arguments.of("no terminator", packet(3 << 16, "user", "postgres")),
                Arguments.of("an odd number of strings", packet(3 << 16, "user", "postgres", "database", "")),
                Arguments.of("no user", packet(3 << 16, "database", "postgres", "")),
                Arguments.of("an empty user", packet(3 << 16, "user", "", "")),
                Arguments.of("no parameters at all", packet(3 << 16, "")),
                Arguments.of("bytes behind the terminator", packet(3 << 16, "user", "postgres", "", "", "")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongPackets")
    void aWrongPacketGetsTheErrorThatPostgresGives(String name, byte[] bytes) throws IOException {
        String expected;
        try (WireClient direct = WireClient.connect(postgres.host(), postgres.port())) {
            expected = ServerMessage.transcript(direct.send(bytes).readUntilClosed());
        }
        try (WireClient client = connect()) {
            assertThat(ServerMessage.transcript(client.send(bytes).readUntilClosed()))
                    .startsWith("E[")
                    .isEqualTo(expected);
        }
        assertThat(log.lines()).hasSizeLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {2 << 16, 4 << 16, 1 << 16, 5 << 16 | 7, 999 << 16})
    void anotherMajorVersionIsRefused(int version) throws IOException {
        try (WireClient client = connect()) {
            List<ServerMessage> answer =
                    client.send(packet(version, "user", "postgres", "")).readUntilClosed();
            assertThat(answer).hasSize(1);
            assertThat(answer.get(0).fields())
                    .containsEntry('S', "FATAL")
                    .containsEntry('C', "0A000")
                    .extractingByKey('M')
                    .asString()
                    .startsWith("unsupported frontend protocol " + (version >> 16) + "." + (version & 0xffff));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void knownMinorVersionsAreTakenAsTheyAre(int minor) throws IOException {
        try (WireClient client = connect()) {
            List<ServerMessage> answer =
                    client.send(Frontend.startup(minor, GOOD)).readUntilReady();
            assertThat(ServerMessage.transcript(answer)).startsWith("R[0] S[").endsWith("Z[I]");
            int key = answer.stream()
                            .filter(m -> m.type() == 'K')
                            .findFirst()
                            .orElseThrow()
                            .body()
                            .length
                    - 4;
            assertThat(key).isEqualTo(minor == 2 ? 32 : 4);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 9999, 65535})
    void newerMinorVersionsAreNegotiatedBeforeAuthentication(int minor) throws IOException {
        try (WireClient client = connect()) {
            List<ServerMessage> answer =
                    client.send(Frontend.startup(minor, GOOD)).readUntilReady();
            assertThat(answer.get(0)).isEqualTo(negotiation());
            assertThat(answer.get(1)).hasToString("R[0]");
            assertThat(answer.stream().filter(m -> m.type() == 'v')).hasSize(1);
        }
    }

    @Test
    void unknownProtocolOptionsAreNamedOnce() throws IOException {
        try (WireClient client = connect()) {
            client.send(packet(3 << 16 | 2, "user", "postgres", "_pq_.a", "1", "_pq_.b", "2", "_pq_.a", "3", ""));
            assertThat(client.read()).isEqualTo(negotiation("_pq_.a", "_pq_.b"));
            assertThat(client.read()).hasToString("R[0]");
        }
    }

    @Test
    void encryptionMayBeAskedForOnceEachInEitherOrder() throws IOException {
        byte[][][] orders = {
            {Frontend.sslRequest()},
            {Frontend.gssEncRequest()},
            {Frontend.sslRequest(), Frontend.gssEncRequest()},
            {Frontend.gssEncRequest(), Frontend.sslRequest()}
        };
        for (byte[][] order : orders) {
            try (WireClient client = connect()) {
                for (byte[] request : order) {
                    assertThat(client.send(request).readByte()).isEqualTo('N');
                }
                client.send(Frontend.startup(0, GOOD));
                assertThat(client.read()).hasToString("R[0]");
            }
        }
    }

    @Test
    void encryptionAskedForTwiceIsAnError() throws IOException {
        for (byte[] request : List.of(Frontend.sslRequest(), Frontend.gssEncRequest())) {
            try (WireClient client = connect()) {
                client.send(request).readByte();
                assertThat(client.send(request).readUntilClosed())
                        .singleElement()
                        .satisfies(error -> assertThat(error.fields()).containsEntry('S', "FATAL"));
            }
        }
    }

    static Stream<Arguments> wrongRequests() {
        return Stream.of(
                Arguments.of("SSLRequest with more", Frontend.join(ints(12, 80_877_103), new byte[4])),
                Arguments.of("GSSENCRequest with more", Frontend.join(ints(12, 80_877_104), new byte[4])),
                Arguments.of("CancelRequest without a key", ints(12, 80_877_102, 77)),
                Arguments.of("CancelRequest with half a key", Frontend.join(ints(14, 80_877_102, 77), new byte[2])),
                Arguments.of("CancelRequest with a key too long", Frontend.cancelRequest(77, new byte[300])));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongRequests")
    void aWrongRequestIsClosed(String name, byte[] bytes) throws IOException {
        try (WireClient client = connect()) {
            assertThat(client.send(bytes).readUntilClosed()).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void aCancelRequestWithAnUnknownKeyIsClosedInSilence() throws IOException {
        try (WireClient client = connect()) {
            assertThat(client.send(Frontend.cancelRequest(12345, new byte[] {1, 2, 3, 4}))
                            .readUntilClosed())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "database", "on", "1", "yes", "TRUE", "Database", "t", "nonsense"})
    void replicationIsRefusedInWords(String value) throws IOException {
        try (WireClient client = connect()) {
            client.send(
                    packet(3 << 16, "user", "postgres", "replication", value, ""),
                    Frontend.query("IDENTIFY_SYSTEM"),
                    Frontend.query("START_REPLICATION PHYSICAL 0/0"));
            List<ServerMessage> answer = client.readUntilClosed();
            assertThat(ServerMessage.transcript(answer))
                    .isEqualTo("E[0A000 replication connections do not pass through pgweir]");
            assertThat(answer.get(0).fields()).containsEntry('S', "FATAL").containsKey('H');
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "off", "no", "0", "F", "Off", "fal"})
    void withoutReplicationItIsALoginAsAnyOther(String value) throws IOException {
        try (WireClient client = connect()) {
            client.send(packet(3 << 16, "user", "postgres", "replication", value, ""));
            assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith("Z[I]");
        }
    }

    @Test
    void aStartupPacketCutAnywhereIsTheSame() throws IOException {
        byte[] packet = Frontend.join(Frontend.sslRequest(), Frontend.startup(0, GOOD));
        for (int cut = 1; cut < packet.length; cut++) {
            try (WireClient client = connect()) {
                client.sendCut(packet, cut);
                assertThat(client.readByte()).isEqualTo('N');
                assertThat(client.read()).hasToString("R[0]");
            }
        }
        try (WireClient client = connect()) {
            client.sendInPieces(packet, 1).readByte();
            assertThat(client.read()).hasToString("R[0]");
        }
    }

    @Test
    void whoeverLeavesHalfWayLeavesNothingBehind() throws IOException {
        byte[] packet = Frontend.startup(0, GOOD);
        for (int cut = 0; cut < packet.length; cut++) {
            connect().send(java.util.Arrays.copyOf(packet, cut)).reset();
        }
        assertThat(bystander.value("SELECT 1")).isEqualTo("1");
    }

    @Test
    void aSilentClientIsClosedWhenItsTimeIsOver() throws IOException {
        try (RunningProxy hasty = RunningProxy.before(postgres, "client_login_timeout", "200ms");
                WireClient silent = WireClient.connect(hasty.host(), hasty.port());
                WireClient slow = WireClient.connect(hasty.host(), hasty.port())) {
            slow.send(new byte[] {0, 0});
            assertThat(ServerMessage.transcript(silent.readUntilClosed())).startsWith("E[08006");
            assertThat(ServerMessage.transcript(slow.readUntilClosed())).startsWith("E[08006");
        }
    }

    @Test
    void whatComesBehindTheStartupPacketWaitsForTheLogin() throws IOException {
        try (WireClient client = connect()) {
            client.send(Frontend.startup(0, GOOD), Frontend.query("SELECT 'early'"), Frontend.sync());
            client.readUntilReady();
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[early]");
            assertThat(client.read()).hasToString("Z[I]");
        }
    }

    @Test
    void anyAmountBehindTheStartupPacketIsReadInItsTime() throws Exception {
        // The login waits for the only backend, so the client must not be read without bound.
        try (RunningProxy session = RunningProxy.before(postgres, "pool_mode", "session", "connection_limit", "1");
                WireClient holder = WireClient.login(session.host(), session.port(), GOOD, null);
                WireClient client = WireClient.connect(session.host(), session.port())) {
            byte[] much = Frontend.query("SELECT length('" + "x".repeat(20_000_000) + "')");
            client.send(Frontend.startup(0, GOOD));
            Thread writer = new Thread(() -> {
                try {
                    client.send(much);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            writer.start();
            await().until(() -> session.pool("postgres", "postgres").waiting() == 1);
            holder.send(Frontend.terminate());
            client.readUntilReady();
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[20000000]");
            writer.join();
        }
    }

    private static WireClient connect() throws IOException {
        return WireClient.connect(proxy.host(), proxy.port());
    }

    /** A startup packet of these strings, each terminated by zero; the last one is the packet's terminator. */
    private static byte[] packet(int version, String... strings) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String string : strings) {
            body.writeBytes(string.getBytes(StandardCharsets.UTF_8));
            body.write(0);
        }
        return Frontend.join(ints(body.size() + 8, version), body.toByteArray());
    }

    private static ServerMessage negotiation(String... options) {
        byte[] message = io.pgweir.proxy.testkit.Backend.negotiateProtocolVersion(2, List.of(options));
        return new ServerMessage('v', java.util.Arrays.copyOfRange(message, 5, message.length));
    }

    private static byte[] ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }
}
