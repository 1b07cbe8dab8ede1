package io.pgweir.proxy.backend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.Frontend;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Random pipelines, half the client's and half ours, against a model of PostgreSQL that fails some messages and skips to
 * Sync. The client must get exactly its own replies, and both sides must agree on what is prepared.
 */
class ReplyReaderModelTest {
    private static final int STATEMENTS = 12;
    private static final int LIMIT = 5;
    private static final int MOST_UNITS = 4;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final TestBackend backend = new TestBackend(LIMIT);
    private final BackendConnection connection = backend.connection;
    private final List<PreparedStatement> statements = IntStream.range(0, STATEMENTS)
            .mapToObj(i -> backend.statement("select " + i))
            .toList();

    private final ByteArrayOutputStream fromServer = new ByteArrayOutputStream();
    private final ByteArrayOutputStream expected = new ByteArrayOutputStream();
    private final Set<String> preparedOnServer = new HashSet<>();
    private boolean failed;

    @RepeatedTest(10)
    void theClientGetsItsOwnRepliesInOrderAndNothingElse() {
        for (int round = 0; round < 500; round++) {
            int units = 1 + random.nextInt(MOST_UNITS);
            for (int unit = 0; unit < units; unit++) {
                if (random.nextInt(4) == 0) {
                    simpleQuery();
                } else {
                    extendedUnit();
                }
            }
            deliver(true);
            assertThat(backend.clientGot()).as("round %d, seed %d", round, seed).isEqualTo(expected.toByteArray());
            expected.reset();
            assertThat(connection.isSettled())
                    .as("round %d, seed %d", round, seed)
                    .isTrue();
            // Above the limit only by the one that each failed unit did not close; the next preparation makes up for
            // it.
            assertThat(preparedOnServer)
                    .as("round %d, seed %d", round, seed)
                    .hasSizeLessThanOrEqualTo(LIMIT + MOST_UNITS);
            for (PreparedStatement statement : statements) {
                assertThat(connection.statements().has(statement))
                        .as("round %d, seed %d", round, seed)
                        .isEqualTo(preparedOnServer.contains(name(statement)));
            }
        }
        backend.close();
        assertThat(backend.reads()).allMatch(read -> read.refCnt() == 0);
    }

    private void simpleQuery() {
        connection.ledger().expectQuery();
        if (random.nextInt(5) == 0) {
            both(Backend.errorResponse("ERROR", "22012", "division by zero"));
        } else {
            both(Backend.rowDescription("a"));
            both(Backend.dataRow("x".repeat(random.nextInt(200))));
            both(Backend.commandComplete("SELECT 1"));
        }
        both(Backend.readyForQuery('I'));
    }

    private void extendedUnit() {
        failed = false;
        int messages = random.nextInt(12);
        for (int i = 0; i < messages && !connection.ledger().isSkippingToSync(); i++) {
            message();
            if (random.nextInt(10) == 0) {
                deliver(false);
            }
        }
        connection.ledger().expectSync();
        both(Backend.readyForQuery('I'));
    }

    private void message() {
        switch (random.nextInt(8)) {
            case 0 -> {
                connection.ledger().expectParse();
                reply(Backend.parseComplete());
            }
            case 1 -> {
                connection.ledger().expectBind();
                reply(Backend.bindComplete());
            }
            case 2 -> {
                connection.ledger().expectDescribe();
                reply(random.nextBoolean() ? Backend.noData() : Backend.rowDescription("a", "b"));
            }
            case 3 -> {
                connection.ledger().expectExecute();
                execute();
            }
            case 4 -> {
                connection.ledger().expectClose();
                reply(Frontend.raw('3', new byte[0]));
            }
            case 5 -> {
                connection.ledger().makeParseComplete(() -> {});
                if (!failed) {
                    expected.writeBytes(Backend.parseComplete());
                }
            }
            default -> {
                connection.statements().prepare(statements.get(random.nextInt(STATEMENTS)));
                answerOurs();
            }
        }
    }

    private void execute() {
        if (failed) {
            return;
        }
        for (int rows = random.nextInt(4); rows > 0; rows--) {
            both(Backend.dataRow("y".repeat(random.nextInt(5_000)), null));
        }
        if (random.nextInt(4) == 0) {
            both(Backend.noticeResponse("NOTICE", "00000", "in between"));
        }
        reply(random.nextInt(3) == 0 ? Frontend.raw('s', new byte[0]) : Backend.commandComplete("SELECT 3"));
    }

    /** Parse and Close that the backend has just sent on its own account. */
    private void answerOurs() {
        ByteBuffer sent = ByteBuffer.wrap(backend.serverGot());
        while (sent.hasRemaining()) {
            char type = (char) sent.get();
            byte[] body = new byte[sent.getInt() - 4];
            sent.get(body);
            if (failed || fails()) {
                continue;
            }
            if (type == 'P') {
                String name = new String(body, UTF_8).split("\0")[0];
                assertThat(preparedOnServer.add(name))
                        .as("prepared twice, seed %d", seed)
                        .isTrue();
                fromServer.writeBytes(Backend.parseComplete());
            } else {
                preparedOnServer.remove(new String(body, 1, body.length - 2, UTF_8));
                fromServer.writeBytes(Frontend.raw('3', new byte[0]));
            }
        }
    }

    private void reply(byte[] bytes) {
        if (!failed && !fails()) {
            both(bytes);
        }
    }

    private boolean fails() {
        failed = random.nextInt(25) == 0;
        if (failed) {
            both(Backend.errorResponse("ERROR", "XX000", "on purpose"));
        }
        return failed;
    }

    private void both(byte[] bytes) {
        fromServer.writeBytes(bytes);
        expected.writeBytes(bytes);
    }

    /** Brings what the server has sent, or a part of it, cut at random places. */
    private void deliver(boolean all) {
        byte[] bytes = fromServer.toByteArray();
        int length = all ? bytes.length : random.nextInt(bytes.length + 1);
        fromServer.reset();
        fromServer.write(bytes, length, bytes.length - length);
        int[] cuts = IntStream.range(0, random.nextInt(6))
                .map(i -> random.nextInt(length + 1))
                .sorted()
                .toArray();
        backend.serverSends(java.util.Arrays.copyOf(bytes, length), cuts);
    }

    private static String name(PreparedStatement statement) {
        return new String(statement.serverName(), UTF_8);
    }
}
