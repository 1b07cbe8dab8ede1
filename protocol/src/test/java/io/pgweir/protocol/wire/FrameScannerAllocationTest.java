package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class FrameScannerAllocationTest {
    private static final int READS = 20_000;

    /** Counts and takes everything. */
    private static final class CountingSink implements FrameScanner.Sink {
        private int frames;

        @Override
        public void begin(ByteBuf in) {}

        @Override
        public int required(byte type, ByteBuf in, int at, int length, int available) {
            return FrameScanner.HEADER;
        }

        @Override
        public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
            frames++;
            return true;
        }

        @Override
        public void rest(ByteBuf in, int at, int length) {}

        @Override
        public void end(ByteBuf in) {}
    }

    @Test
    void scanningReadsThatEndAtAMessageAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        FrameScanner scanner = new FrameScanner();
        CountingSink sink = new CountingSink();
        ByteBuf in = Unpooled.buffer();
        for (int i = 0; i < 50; i++) {
            in.writeByte('D').writeInt(24).writeZero(20);
        }
        scan(scanner, sink, in); // loads the classes
        sink.frames = 0;
        long thread = Thread.currentThread().getId();
        long before = threads.getThreadAllocatedBytes(thread);
        scan(scanner, sink, in);
        long allocated = threads.getThreadAllocatedBytes(thread) - before;
        assertThat(sink.frames).isEqualTo(50 * READS);
        assertThat(allocated).as("bytes for %d reads", READS).isLessThan(READS);
        in.release();
    }

    private static void scan(FrameScanner scanner, CountingSink sink, ByteBuf in) {
        for (int i = 0; i < READS; i++) {
            in.readerIndex(0);
            scanner.feed(in.retain(), sink);
        }
    }
}
