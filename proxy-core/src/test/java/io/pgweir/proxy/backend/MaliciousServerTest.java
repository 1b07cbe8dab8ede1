package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.wire.Limits;
import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.Frontend;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server sends is bounded as what clients send is: it may be somebody else who answers at its address. */
class MaliciousServerTest {
    private static final byte[] OK = Backend.authenticationOk();

    static Stream<Arguments> endless() {
        return Stream.of(
                Arguments.of("parameters", "S"),
                Arguments.of("notices", "N"),
                Arguments.of("negotiations", "v"),
                Arguments.of("keys", "K"),
                Arguments.of("requests for a password", "R"),
                Arguments.of("consents", "O"));
    }

    private static byte[] message(String what, int number) {
        return switch (what) {
            case "S" -> Backend.parameterStatus("parameter_" + number, "x".repeat(1000));
            case "N" -> Backend.noticeResponse("NOTICE", "00000", "x".repeat(1000));
            case "v" -> Frontend.raw('v', new byte[1000]);
            case "K" -> Backend.backendKeyData(number, new byte[256]);
            case "R" -> Backend.authenticationCleartext();
            default -> OK;
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endless")
    void aLoginDoesNotListenForEver(String name, String what) {
        try (LoginAttempt login = new LoginAttempt()) {
            int sent = 0;
            while (!login.isOver() && sent <= 2 * Limits.LOGIN_BYTES) {
                byte[] many = new byte[0];
                for (int i = 0; i < 100; i++) {
                    many = Frontend.join(many, message(what, sent + i));
                }
                sent += many.length;
                login.serverSends(many);
                login.sent();
            }
            assertThat(login.isConnected()).isFalse();
            assertThat(login.failure()).isNotNull();
            assertThat(sent).isLessThanOrEqualTo(Limits.LOGIN_BYTES + 200_000);
        }
    }

    @Test
    void aMessageOfALoginThatPromisesMuchEndsIt() {
        for (char type : "RSNEKvZ".toCharArray()) {
            try (LoginAttempt login = new LoginAttempt()) {
                login.serverSends(header(type, 100_000));
                assertThat(login.failure()).as("%s", type).isNotNull();
            }
        }
    }

    @Test
    void aLoginOutOfOrderIsNone() {
        byte[][][] conversations = {
            {Backend.readyForQuery('I')},
            {OK, Backend.dataRow("1")},
            {OK, Backend.commandComplete("SELECT 1")},
            {Backend.authentication(11, new byte[0])},
            {Backend.authentication(12, new byte[0])},
            {Backend.authentication(10, new byte[] {0})},
            {Backend.authentication(7, new byte[0])},
            {Frontend.raw('R', new byte[2])},
            {Frontend.raw('G', new byte[3])},
            {Backend.authentication(5, new byte[3])},
        };
        for (byte[][] conversation : conversations) {
            try (LoginAttempt login = new LoginAttempt()) {
                login.serverSends(conversation);
                assertThat(login.isConnected()).isFalse();
                assertThat(login.failure()).isNotNull();
            }
        }
    }

    @Test
    void parametersThatAreReportedWithoutEndCostTheBackend() {
        try (TestBackend backend = new TestBackend()) {
            for (int i = 0; i < 2000 && !backend.connection.isClosed(); i++) {
                backend.serverSends(Backend.parameterStatus("parameter_" + i, "x".repeat(1000)));
            }
            assertThat(backend.events).contains("lost DESYNCHRONISED");
        }
    }

    @Test
    void theSameParameterAgainAndAgainIsNothing() {
        try (TestBackend backend = new TestBackend()) {
            for (int i = 0; i < 5000; i++) {
                backend.serverSends(Backend.parameterStatus("TimeZone", "x".repeat(1000 + i % 2)));
            }
            assertThat(backend.connection.isClosed()).isFalse();
        }
    }

    @Test
    void aDescriptionThatNoTableHasIsNotWaitedFor() {
        try (TestBackend backend = new TestBackend()) {
            backend.connection.ledger().expectQuery();
            backend.serverSends(header('T', 500_000_000));
            assertThat(backend.events).contains("lost DESYNCHRONISED");
        }
        try (TestBackend backend = new TestBackend()) {
            String[] columns = new String[20_000];
            java.util.Arrays.fill(columns, "c".repeat(Limits.NAME));
            byte[] answer = Frontend.join(
                    Backend.rowDescription(columns), Backend.commandComplete("SELECT 0"), Backend.readyForQuery('I'));
            backend.connection.ledger().expectQuery();
            backend.serverSends(answer, 100_000, 1_000_000);
            assertThat(backend.clientGot()).isEqualTo(answer);
        }
    }

    @Test
    void rowsForPgweirItselfAreBounded() {
        try (TestBackend backend = new TestBackend()) {
            backend.connection.sendInternalQuery("SELECT 1", ignored -> {});
            backend.serverGot();
            backend.serverSends(Backend.rowDescription("a"));
            byte[] row = Backend.dataRow("x".repeat(1 << 20));
            int rows = 0;
            while (!backend.connection.isClosed() && rows < 100) {
                backend.serverSends(row);
                rows++;
            }
            assertThat(rows).isBetween(15, 17);
            assertThat(backend.events).contains("lost DESYNCHRONISED");
        }
        try (TestBackend backend = new TestBackend()) {
            for (int i = 0; i < 40; i++) { // each answer by itself
                backend.connection.sendInternalQuery("SELECT 1", ignored -> {});
                backend.serverGot();
                backend.serverSends(Frontend.join(
                        Backend.rowDescription("a"),
                        Backend.dataRow("x".repeat(1 << 20)),
                        Backend.commandComplete("SELECT 1"),
                        Backend.readyForQuery('I')));
            }
            assertThat(backend.connection.isClosed()).isFalse();
        }
    }

    @Test
    void aRowInPlaceOfAnotherReplyReachesNobody() {
        try (TestBackend backend = new TestBackend()) {
            backend.connection.statements().prepare(backend.statement("select 1"));
            backend.connection.ledger().expectBind();
            backend.connection.ledger().expectSync();
            backend.serverGot();
            backend.serverSends(Backend.dataRow("foreign"));
            assertThat(backend.events).contains("lost DESYNCHRONISED");
            assertThat(backend.clientGot()).isEmpty();
        }
    }

    @Test
    void aNoticeThatIsCutBehindReadyForQueryDoesNotShiftWhatFollows() {
        byte[] notice = Backend.noticeResponse("NOTICE", "00000", "hello");
        for (int cut = 1; cut < notice.length; cut++) {
            try (LoginAttempt login = new LoginAttempt()) {
                login.serverSends(
                        OK,
                        Backend.backendKeyData(7, new byte[4]),
                        Backend.readyForQuery('I'),
                        java.util.Arrays.copyOf(notice, cut));
                assertThat(login.isConnected()).isFalse();
                login.serverSends(java.util.Arrays.copyOfRange(notice, cut, notice.length));
                assertThat(login.isConnected()).isTrue();
            }
        }
    }

    /** Found by fuzzing. */
    @Test
    void aReplyOfOurOwnDoesNotLandInsideOfOneThatHasNoEnd() {
        for (byte[] endless : new byte[][] {header('1', 50), header('n', 50), header('I', 50), header('C', 70_000)}) {
            try (TestBackend backend = new TestBackend()) {
                switch (endless[0]) {
                    case '1' -> backend.connection.ledger().expectParse();
                    case 'n' -> backend.connection.ledger().expectDescribe();
                    default -> backend.connection.ledger().expectExecute();
                }
                backend.connection.ledger().makeParseComplete(() -> {});
                backend.connection.ledger().expectSync();
                backend.serverSends(Frontend.join(endless, new byte[69_000]), 20);
                assertThat(backend.events).contains("lost DESYNCHRONISED");
                assertThat(backend.clientGot()).isEmpty();
            }
        }
    }

    @Test
    void aStatusThatThereIsNotIsNoStatus() {
        try (TestBackend backend = new TestBackend()) {
            backend.connection.ledger().expectQuery();
            backend.serverSends(Frontend.raw('Z', new byte[] {'?'}));
            assertThat(backend.events).contains("lost DESYNCHRONISED");
            assertThat(backend.clientGot()).isEmpty();
        }
    }

    private static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }
}
