package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.FrameScanner;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One read buffer of DataRows walked through: nanoseconds for the whole buffer of {@code frames}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class ScanBenchmark {
    @Param({"1", "100"})
    public int frames;

    @Param("60")
    public int frameBytes;

    private final FrameScanner scanner = new FrameScanner();
    private final CountingSink sink = new CountingSink();
    private ByteBuf read = Unpooled.EMPTY_BUFFER;

    private static final class CountingSink implements FrameScanner.Sink {
        long bytes;

        @Override
        public void begin(ByteBuf in) {}

        @Override
        public int required(byte type, ByteBuf in, int at, int length, int available) {
            return FrameScanner.HEADER;
        }

        @Override
        public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
            bytes += length;
            return true;
        }

        @Override
        public void rest(ByteBuf in, int at, int length) {}

        @Override
        public void end(ByteBuf in) {}
    }

    @Setup(Level.Trial)
    public void fill() {
        read = Unpooled.directBuffer(frames * frameBytes);
        for (int i = 0; i < frames; i++) {
            read.writeByte('D').writeInt(frameBytes - 1).writeZero(frameBytes - FrameScanner.HEADER);
        }
    }

    @TearDown(Level.Trial)
    public void release() {
        read.release();
    }

    @Benchmark
    public long frames() {
        read.readerIndex(0);
        scanner.feed(read.retain(), sink);
        return sink.bytes;
    }
}
