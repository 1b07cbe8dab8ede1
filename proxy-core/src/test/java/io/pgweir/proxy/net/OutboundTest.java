package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutboundTest {
    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Outbound outbound = new Outbound();

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void whateverIsForwardedAndAppendedArrivesInThatOrder() {
        outbound.target(channel);
        for (int round = 0; round < 3_000; round++) {
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            ByteBuf in = randomBytes(random.nextInt(20_000));
            outbound.begin(in);
            int at = 0;
            while (at < in.writerIndex()) {
                int length = Math.min(in.writerIndex() - at, 1 + random.nextInt(random.nextBoolean() ? 50 : 6_000));
                int dice = random.nextInt(4);
                if (dice < 3) {
                    outbound.forward(at, length);
                    expected.writeBytes(ByteBufUtil.getBytes(in, at, length));
                }
                if (dice == 2) {
                    byte[] own = new byte[random.nextInt(40)];
                    random.nextBytes(own);
                    outbound.append().writeBytes(own);
                    expected.writeBytes(own);
                }
                at += length;
            }
            if (random.nextBoolean()) {
                in.readerIndex(in.writerIndex()); // as the scanner leaves it when nothing of it is to come
            }
            outbound.end();
            in.release();
            assertThat(written()).as("round %d, seed %d", round, seed).isEqualTo(expected.toByteArray());
            assertThat(in.refCnt()).as("round %d, seed %d", round, seed).isZero();
        }
    }

    @Test
    void oneRunIsOneWriteOfTheReadBufferItself() {
        ByteBuf in = forwardWhole(10_000, 10_000);
        ByteBuf first = channel.readOutbound();
        assertThat(first).isSameAs(in);
        assertThat(first.readableBytes()).isEqualTo(10_000);
        assertThat(channel.outboundMessages()).isEmpty();
        first.release();
        in.release();
    }

    @Test
    void aRunThatLeavesSomethingInTheReadBufferIsASliceOfIt() {
        ByteBuf in = forwardWhole(10_000, 9_900);
        ByteBuf first = channel.readOutbound();
        assertThat(first.unwrap()).isSameAs(in);
        assertThat(first.readableBytes()).isEqualTo(9_900);
        assertThat(in.readerIndex()).isEqualTo(9_900);
        first.release();
        in.release();
    }

    private ByteBuf forwardWhole(int size, int forwarded) {
        outbound.target(channel);
        ByteBuf in = randomBytes(size);
        outbound.begin(in);
        for (int at = 0; at < forwarded; at += 100) {
            outbound.forward(at, 100);
        }
        in.readerIndex(forwarded);
        outbound.end();
        channel.flush();
        return in;
    }

    @Test
    void shortRunsBetweenOurOwnBytesMakeOneWrite() {
        outbound.target(channel);
        ByteBuf in = randomBytes(300);
        outbound.begin(in);
        outbound.forward(0, 100);
        outbound.append().writeByte(1);
        outbound.forward(200, 100);
        outbound.end();
        in.release();
        channel.flush();
        assertThat(channel.outboundMessages()).hasSize(1);
        assertThat(written()).hasSize(201);
    }

    @Test
    void withoutATargetEverythingIsDroppedAndReleased() {
        outbound.target(null);
        ByteBuf in = randomBytes(10_000);
        outbound.begin(in);
        outbound.forward(0, 5_000);
        outbound.append().writeByte(1);
        outbound.forward(5_000, 5_000);
        outbound.end();
        in.release();
        assertThat(in.refCnt()).isZero();
    }

    @Test
    void whatWasPutInBeforeATargetIsTakenAwayStillGoesThere() {
        outbound.target(channel);
        outbound.append().writeByte(7);
        outbound.target(null);
        outbound.append().writeByte(8);
        outbound.end();
        assertThat(written()).containsExactly(7);
    }

    @Test
    void appendingAloneNeedsNoScan() {
        outbound.target(channel);
        outbound.append().writeByte(1);
        outbound.append().writeByte(2);
        outbound.end();
        outbound.end();
        assertThat(written()).containsExactly(1, 2);
    }

    @Test
    void nothingPutInIsNothingWritten() {
        outbound.target(channel);
        outbound.append();
        outbound.end();
        channel.flush();
        assertThat(channel.outboundMessages()).isEmpty();
    }

    private ByteBuf randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return Unpooled.buffer(length).writeBytes(bytes);
    }

    private byte[] written() {
        channel.flush();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return all.toByteArray();
    }
}
