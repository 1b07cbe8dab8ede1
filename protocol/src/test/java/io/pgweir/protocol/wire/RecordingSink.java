package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects whole messages, and checks what {@link FrameScanner.Sink} promises while it does. */
final class RecordingSink implements FrameScanner.Sink {
    /** From this length on a message need not be in one piece; shorter ones must be. */
    private final int wholeBelow;

    private final List<String> messages = new ArrayList<>();
    private final ByteArrayOutputStream current = new ByteArrayOutputStream();
    private int pauseAfter = Integer.MAX_VALUE;
    private int presented;
    private int missing;
    private @Nullable ByteBuf scanning;

    RecordingSink(int wholeBelow) {
        this.wholeBelow = wholeBelow;
    }

    /** Refuses every message until so many have been taken; and again after each further {@code count}. */
    void pauseAfter(int count) {
        pauseAfter = count;
    }

    /** Every message complete so far, as hexadecimal text. */
    List<String> messages() {
        return messages;
    }

    /** Calls of {@link #frame}. */
    int presented() {
        return presented;
    }

    /** Bytes of the last message that have not come yet. */
    int missing() {
        return missing;
    }

    @Override
    public void begin(ByteBuf in) {
        check(scanning == null, "a run inside a run");
        scanning = in;
    }

    @Override
    public int required(byte type, ByteBuf in, int at, int length, int available) {
        check(available >= FrameScanner.HEADER && available <= length, "available " + available + " of " + length);
        return length < wholeBelow ? length : FrameScanner.HEADER;
    }

    @Override
    public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
        check(in == scanning, "another buffer than the run's");
        check(missing == 0, "a message inside a message");
        check(in.getByte(at) == type && in.getInt(at + 1) == length - 1, "not at a header");
        check(length >= wholeBelow || available == length, "a part of a message that had to be whole");
        presented++;
        if (pauseAfter == 0) {
            return false;
        }
        pauseAfter--;
        missing = length;
        take(in, at, available);
        return true;
    }

    @Override
    public void rest(ByteBuf in, int at, int length) {
        check(in == scanning, "another buffer than the run's");
        check(length <= missing, "more than the rest of the message");
        take(in, at, length);
    }

    @Override
    public void end(ByteBuf in) {
        check(in == scanning, "another buffer than the run's");
        scanning = null;
    }

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

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
