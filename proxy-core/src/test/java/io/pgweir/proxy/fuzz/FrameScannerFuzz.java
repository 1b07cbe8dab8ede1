package io.pgweir.proxy.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.ProtocolViolation;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Any bytes, cut anywhere, are the same messages as in one piece, end in the same violation if in any, and leave no buffer behind.
 * Input: a byte for the length of the pieces, one for how often the scanner is paused, then the stream.
 */
public final class FrameScannerFuzz {
    /** Shorter messages have to be whole. */
    private static final int WHOLE = 64;

    private FrameScannerFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 2) {
            return;
        }
        byte[] stream = Arrays.copyOfRange(input, 2, input.length);
        String whole = scan(stream, stream.length, 0);
        String pieces = scan(stream, 1 + (input[0] & 0x3f), input[1] & 7);
        if (!whole.equals(pieces)) {
            throw new AssertionError("in one piece: " + whole + "\nin pieces: " + pieces);
        }
    }

    private static String scan(byte[] stream, int piece, int pauseEvery) {
        FrameScanner scanner = new FrameScanner();
        Recorder recorder = new Recorder(pauseEvery);
        List<ByteBuf> reads = new ArrayList<>();
        try {
            for (int at = 0; at < stream.length; at += Math.max(1, piece)) {
                ByteBuf read = Unpooled.copiedBuffer(stream, at, Math.min(piece, stream.length - at));
                reads.add(read);
                scanner.feed(read, recorder);
                while (scanner.isPaused()) {
                    scanner.resume(recorder);
                }
            }
        } catch (ProtocolViolation violation) {
            recorder.messages.add(violation.state() + " " + violation.getMessage());
        }
        scanner.close();
        for (ByteBuf read : reads) {
            if (read.refCnt() != 0) {
                throw new AssertionError("a read is still held " + read.refCnt() + " times");
            }
        }
        return recorder.messages.toString();
    }

    private static final class Recorder implements FrameScanner.Sink {
        private final List<String> messages = new ArrayList<>();
        private final ByteArrayOutputStream current = new ByteArrayOutputStream();
        private final int pauseEvery;
        private int missing;
        private int presented;

        Recorder(int pauseEvery) {
            this.pauseEvery = pauseEvery;
        }

        @Override
        public void begin(ByteBuf in) {}

        @Override
        public int required(byte type, ByteBuf in, int at, int length, int available) {
            require(available >= FrameScanner.HEADER && available <= length, "available " + available);
            return length < WHOLE ? length : FrameScanner.HEADER;
        }

        @Override
        public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
            require(missing == 0, "a message inside of a message");
            require(length >= WHOLE || available == length, "a part of what must be whole");
            if (pauseEvery > 0 && ++presented % (pauseEvery + 1) == 0) {
                return false;
            }
            missing = length;
            take(in, at, available);
            return true;
        }

        @Override
        public void rest(ByteBuf in, int at, int length) {
            require(length <= missing, "more than the rest");
            take(in, at, length);
        }

        @Override
        public void end(ByteBuf in) {}

        private void take(ByteBuf in, int at, int length) {
            byte[] bytes = new byte[length];
            in.getBytes(at, bytes);
            current.writeBytes(bytes);
            missing -= length;
            if (missing == 0) {
                messages.add(ByteBufUtil.hexDump(current.toByteArray()));
                current.reset();
            }
        }

        private static void require(boolean holds, String otherwise) {
            if (!holds) {
                throw new AssertionError(otherwise);
            }
        }
    }
}
