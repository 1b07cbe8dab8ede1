package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages after the login that no client may send, or not then. */
class BadMessageTest {
    private static final String KNOWN = "QPBDECSHFdcfX";
    private static RealPostgres postgres;
    private static RunningProxy proxy;
    private static WireClient bystander;
    private LogWatch log;

    @BeforeAll
    static void open() throws IOException {
        postgres = RealPostgres.get();
        proxy = RunningProxy.before(postgres, "connection_limit", "1", "shuffle", "false");
        bystander = login();
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

    static IntStream unknownTypes() {
        return IntStream.range(0, 256).filter(type -> KNOWN.indexOf(type) < 0);
    }

    @ParameterizedTest
    @MethodSource("unknownTypes")
    void anUnknownTypeIsRefusedAndTheBackendSurvives(int type) throws IOException {
        String before = bystander.value("SELECT pg_backend_pid()");
        try (WireClient client = login()) {
            assertThat(ServerMessage.transcript(client.send(Frontend.raw((char) type, new byte[] {1, 2, 3}))
                            .readUntilClosed()))
                    .isEqualTo("E[08P01 invalid frontend message type " + type + "]");
        }
        assertThat(bystander.value("SELECT pg_backend_pid()")).isEqualTo(before);
        assertThat(log.lines()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1_500_000_000, 0x40000000})
    void aLengthThatCannotBeIsRefused(int length) throws IOException {
        for (char type : KNOWN.toCharArray()) {
            try (WireClient client = login()) {
                client.send(header(type, length));
                assertThat(ServerMessage.transcript(client.readUntilClosed())).startsWith("E[08P01");
            }
        }
    }

    @Test
    void messagesWithoutUserDataHaveAShortLimit() throws IOException {
        for (char type : "DECSHcfX".toCharArray()) {
            try (WireClient client = login()) {
                client.send(header(type, 10_001));
                assertThat(ServerMessage.transcript(client.readUntilClosed()))
                        .as("%s", type)
                        .startsWith("E[08P01");
            }
        }
    }

    @Test
    void aPromiseOfAGigabyteCostsNothing() throws IOException {
        for (char type : "QPBFd".toCharArray()) {
            try (WireClient client = login()) {
                client.send(header(type, 900_000_000), new byte[1000]);
                client.reset();
            }
            assertThat(bystander.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void aPasswordAfterTheLoginIsRefused() throws IOException {
        try (WireClient client = login()) {
            assertThat(ServerMessage.transcript(
                            client.send(Frontend.password("again")).readUntilClosed()))
                    .isEqualTo("E[08P01 invalid frontend message type 112]");
        }
    }

    @Test
    void aSecondStartupPacketIsRefused() throws IOException {
        for (byte[] packet : List.of(
                Frontend.startup(0, Map.of("user", "postgres", "database", "template1")),
                Frontend.sslRequest(),
                Frontend.gssEncRequest(),
                Frontend.cancelRequest(1, new byte[4]))) {
            try (WireClient client = login()) {
                assertThat(ServerMessage.transcript(client.send(packet).readUntilClosed()))
                        .isEqualTo("E[08P01 invalid frontend message type 0]");
            }
        }
    }

    @Test
    void badMessagesInATransactionRollItBack() throws Exception {
        try (WireClient client = login()) {
            client.query("CREATE TABLE IF NOT EXISTS bad_messages (a int)");
            client.query("BEGIN");
            client.query("INSERT INTO bad_messages VALUES (1)");
            client.send(Frontend.raw('y', new byte[0]));
            assertThat(ServerMessage.transcript(client.readUntilClosed())).startsWith("E[08P01");
        }
        assertThat(bystander.value("SELECT count(*) FROM bad_messages")).isEqualTo("0");
        bystander.query("DROP TABLE bad_messages");
    }

    @Test
    void answersBeforeABadMessageStillArrive() throws IOException {
        try (WireClient client = login()) {
            client.send(Frontend.query("SELECT 'first'"));
            client.readUntilReady();
            client.send(Frontend.sync(), Frontend.raw('y', new byte[0]));
            assertThat(ServerMessage.transcript(client.readUntilClosed()))
                    .isEqualTo("Z[I] E[08P01 invalid frontend message type 121]");
        }
    }

    @Test
    void whatWasSentBeforeABadMessageInTheSamePacketLeavesItsBackendInOrder() throws IOException {
        for (byte[] before : List.of(
                Frontend.query("SELECT 'x'"),
                Frontend.join(Frontend.unnamed("SELECT 'x'"), Frontend.sync()),
                Frontend.unnamed("SELECT 'x'"),
                Frontend.query("SELECT '" + "x".repeat(5000) + "'"),
                Frontend.query("BEGIN"),
                Frontend.join(Frontend.query("BEGIN"), Frontend.query("SELECT 'x'")))) {
            try (WireClient client = login()) {
                client.send(before, Frontend.raw('y', new byte[0]));
                assertThat(ServerMessage.transcript(client.readUntilClosed()))
                        .endsWith("E[08P01 invalid frontend message type 121]");
            }
            assertThat(bystander.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void aQueryWhileCopyingHurtsNobodyElse() throws IOException {
        try (WireClient client = login()) {
            client.query("CREATE TABLE IF NOT EXISTS copying (a int)");
            client.send(Frontend.query("COPY copying FROM STDIN"));
            client.readUntil('G');
            client.send(Frontend.query("SELECT 1"));
            assertThat(client.read().type()).isEqualTo('E');
        }
        assertThat(bystander.value("SELECT count(*) FROM copying")).isEqualTo("0");
        bystander.query("DROP TABLE copying");
    }

    private static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    private static WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
    }
}
