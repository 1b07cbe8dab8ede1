package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameScannerTest {
    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final FrameScanner scanner = new FrameScanner();
    private final List<ByteBuf> fed = new ArrayList<>();

    @AfterEach
    void everyBufferIsReleased() {
        scanner.close();
        assertThat(fed).as("seed %d", seed).allMatch(buffer -> buffer.refCnt() == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20, Integer.MAX_VALUE})
    void everyCutOfAStreamInTwoGivesTheSameMessages(int wholeBelow) {
        List<byte[]> messages = randomMessages(12, 60);
        byte[] stream = join(messages);
        for (int cut = 0; cut <= stream.length; cut++) {
            FrameScanner fresh = new FrameScanner();
            RecordingSink sink = new RecordingSink(wholeBelow);
            fresh.feed(read(stream, 0, cut), sink);
            fresh.feed(read(stream, cut, stream.length), sink);
            assertThat(sink.messages()).as("cut at %d, seed %d", cut, seed).isEqualTo(hex(messages));
            assertThat(fresh.keptBytes()).isZero();
            assertThat(fresh.insideFrame()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20, Integer.MAX_VALUE})
    void oneByteAtATimeGivesTheSameMessages(int wholeBelow) {
        List<byte[]> messages = randomMessages(12, 60);
        byte[] stream = join(messages);
        RecordingSink sink = new RecordingSink(wholeBelow);
        for (int i = 0; i < stream.length; i++) {
            scanner.feed(read(stream, i, i + 1), sink);
        }
        assertThat(sink.messages()).as("seed %d", seed).isEqualTo(hex(messages));
    }

    @Test
    void randomStreamsCutAtRandomPlacesAndPausedAtRandomMessagesGiveTheSameMessages() {
        for (int round = 0; round < 2_000; round++) {
            List<byte[]> messages = randomMessages(random.nextInt(30), random.nextBoolean() ? 20 : 3_000);
            byte[] stream = join(messages);
            RecordingSink sink = new RecordingSink(random.nextInt(3_000));
            FrameScanner fresh = new FrameScanner();
            sink.pauseAfter(random.nextInt(10));
            int at = 0;
            while (at < stream.length) {
                int to = Math.min(stream.length, at + 1 + random.nextInt(random.nextBoolean() ? 8 : 6_000));
                fresh.feed(read(stream, at, to), sink);
                at = to;
                if (fresh.isPaused() && random.nextBoolean()) {
                    sink.pauseAfter(random.nextInt(10));
                    fresh.resume(sink);
                }
            }
            while (fresh.isPaused()) {
                sink.pauseAfter(1 + random.nextInt(5));
                fresh.resume(sink);
            }
            assertThat(sink.messages()).as("round %d, seed %d", round, seed).isEqualTo(hex(messages));
            assertThat(fresh.keptBytes()).isZero();
            fresh.close();
        }
    }

    @Test
    void aMessageThatWasRefusedIsPresentedAgainAfterResume() {
        List<byte[]> messages = randomMessages(5, 30);
        byte[] stream = join(messages);
        for (int pauseAfter = 0; pauseAfter < 5; pauseAfter++) {
            FrameScanner fresh = new FrameScanner();
            RecordingSink sink = new RecordingSink(Integer.MAX_VALUE);
            sink.pauseAfter(pauseAfter);
            fresh.feed(read(stream, 0, stream.length), sink);
            assertThat(fresh.isPaused()).isTrue();
            assertThat(sink.messages()).hasSize(pauseAfter);
            assertThat(fresh.keptBytes()).isEqualTo(join(messages.subList(pauseAfter, 5)).length);
            sink.pauseAfter(Integer.MAX_VALUE);
            fresh.resume(sink);
            assertThat(fresh.isPaused()).isFalse();
            assertThat(sink.messages()).as("seed %d", seed).isEqualTo(hex(messages));
            assertThat(sink.presented()).isEqualTo(6);
        }
    }

    @Test
    void whatArrivesWhilePausedIsKeptAndNotPresented() {
        byte[] stream = join(randomMessages(3, 30));
        RecordingSink sink = new RecordingSink(Integer.MAX_VALUE);
        sink.pauseAfter(0);
        for (int i = 0; i < 10; i++) {
            scanner.feed(read(stream, 0, stream.length), sink);
        }
        assertThat(sink.presented()).isEqualTo(1);
        assertThat(scanner.keptBytes()).isEqualTo(10 * stream.length);
        sink.pauseAfter(Integer.MAX_VALUE);
        scanner.resume(sink);
        assertThat(sink.messages()).as("seed %d", seed).hasSize(30);
    }

    @Test
    void aLargeMessageIsHandedOnAsItArrivesAndNothingOfItIsKept() {
        byte[] body = new byte[1 << 20];
        random.nextBytes(body);
        byte[] stream = join(List.of(message('D', body), message('Z', new byte[] {'I'})));
        RecordingSink sink = new RecordingSink(1024);
        for (int at = 0; at < stream.length; at += 10_000) {
            scanner.feed(read(stream, at, Math.min(stream.length, at + 10_000)), sink);
            if (at + 10_000 < body.length) {
                assertThat(scanner.keptBytes()).isZero();
                assertThat(scanner.insideFrame()).isTrue();
                assertThat(sink.missing()).isEqualTo(body.length + FrameScanner.HEADER - at - 10_000);
            }
        }
        assertThat(sink.messages()).as("seed %d", seed).hasSize(2);
        assertThat(sink.messages().get(0))
                .isEqualTo(hex(List.of(message('D', body))).get(0));
        assertThat(scanner.insideFrame()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, FrameScanner.MAX_LENGTH_WORD + 1})
    void anImpossibleLengthIsAProtocolViolationAndReleasesTheRead(int lengthWord) {
        ByteBuf in = track(Unpooled.buffer());
        in.writeBytes(message('S', new byte[0]))
                .writeByte('Q')
                .writeInt(lengthWord)
                .writeZero(20);
        RecordingSink sink = new RecordingSink(Integer.MAX_VALUE);
        assertThatThrownBy(() -> scanner.feed(in, sink))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("length");
        assertThat(sink.messages()).hasSize(1);
        assertThat(in.refCnt()).isZero();
    }

    @Test
    void aMessageOfTheGreatestLengthBeginsAndIsNeverHeldBack() {
        ByteBuf in = track(Unpooled.buffer());
        in.writeByte('d').writeInt(FrameScanner.MAX_LENGTH_WORD).writeZero(1000);
        RecordingSink sink = new RecordingSink(0);
        scanner.feed(in, sink);
        assertThat(scanner.insideFrame()).isTrue();
        assertThat(sink.missing()).isEqualTo(FrameScanner.MAX_LENGTH_WORD + 1 - 1005);
        assertThat(scanner.keptBytes()).isZero();
    }

    @Test
    void anEmptyMessageIsAMessage() {
        RecordingSink sink = new RecordingSink(0);
        scanner.feed(read(message('S', new byte[0]), 0, 5), sink);
        assertThat(sink.messages()).containsExactly("5300000004");
    }

    @Test
    void anEmptyReadChangesNothing() {
        RecordingSink sink = new RecordingSink(Integer.MAX_VALUE);
        byte[] stream = message('Q', new byte[] {'x', 0});
        scanner.feed(read(stream, 0, 0), sink);
        scanner.feed(read(stream, 0, 3), sink);
        scanner.feed(read(stream, 0, 0), sink);
        scanner.feed(read(stream, 3, stream.length), sink);
        assertThat(sink.messages()).containsExactly("51000000067800");
    }

    @Test
    void closingDropsWhatIsHeldAndLaterReads() {
        RecordingSink sink = new RecordingSink(Integer.MAX_VALUE);
        byte[] stream = message('Q', new byte[100]);
        scanner.feed(read(stream, 0, 50), sink);
        assertThat(scanner.keptBytes()).isEqualTo(50);
        scanner.close();
        scanner.feed(read(stream, 50, stream.length), sink);
        scanner.resume(sink);
        assertThat(sink.messages()).isEmpty();
        assertThat(scanner.keptBytes()).isZero();
    }

    @Test
    void aSinkThatFailsLeavesNoBufferBehind() {
        byte[] stream = message('X', new byte[10]);
        assertThatThrownBy(() -> scanner.feed(read(stream, 0, stream.length), new FailingSink()))
                .isInstanceOf(IllegalStateException.class);
        assertThat(fed).allMatch(buffer -> buffer.refCnt() == 0);
    }

    private static final class FailingSink implements FrameScanner.Sink {
        @Override
        public void begin(ByteBuf in) {}

        @Override
        public int required(byte type, ByteBuf in, int at, int length, int available) {
            return 0;
        }

        @Override
        public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
            throw new IllegalStateException("on purpose");
        }

        @Override
        public void rest(ByteBuf in, int at, int length) {
            throw new IllegalStateException("on purpose");
        }

        @Override
        public void end(ByteBuf in) {}
    }

    // ---- streams

    private List<byte[]> randomMessages(int count, int longest) {
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[random.nextInt(longest)];
            random.nextBytes(body);
            messages.add(message((char) ('A' + random.nextInt(26)), body));
        }
        return messages;
    }

    static byte[] message(char type, byte[] body) {
        ByteBuf out = Unpooled.buffer(body.length + 5);
        out.writeByte(type).writeInt(body.length + 4).writeBytes(body);
        return ByteBufUtil.getBytes(out);
    }

    static byte[] join(List<byte[]> messages) {
        return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(messages.toArray(byte[][]::new)));
    }

    private static List<String> hex(List<byte[]> messages) {
        return messages.stream().map(ByteBufUtil::hexDump).toList();
    }

    /** A read as a channel gives it: its buffer is larger than what has come. */
    private ByteBuf read(byte[] stream, int from, int to) {
        ByteBuf in = Unpooled.buffer(Math.max(16, random.nextInt(4) * (to - from)));
        return track(in.writeBytes(stream, from, to - from));
    }

    private ByteBuf track(ByteBuf in) {
        fed.add(in);
        return in;
    }
}
