package io.pgweir.proxy.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * Assembles what one scan of a read buffer sends to the other side: untouched runs of the buffer as slices, and bytes of
 * our own between them. As a rule one read gives one write.
 *
 * <p>Use: {@link #begin}, any number of {@link #forward} and {@link #append}, {@link #end}. Outside a scan
 * {@link #append} and {@link #end} may be used alone. Nothing is flushed here. One owner thread at a time.
 */
public final class Outbound {
    /** A run shorter than this is copied beside our own bytes; a longer one is written as a slice. */
    private static final int COPY_BELOW = 2048;

    private static final int OWN_SIZE = 512;

    private @Nullable Channel target;
    private @Nullable ByteBuf in;
    private int from;
    private int to;
    private @Nullable ByteBuf own;
    private long forwarded;

    /** Where the bytes go; null drops them (the peer is gone). Call between scans, or after {@link #end}. */
    public void target(@Nullable Channel channel) {
        end();
        target = channel;
    }

    /** A scan over {@code source} begins. */
    public void begin(ByteBuf source) {
        in = source;
        from = to = source.readerIndex();
    }

    /** Sends bytes of the buffer given to {@link #begin}, unchanged, behind everything before. */
    public void forward(int at, int length) {
        if (at != to || from == to) {
            settleRun();
            from = at;
        }
        to = at + length;
        forwarded += length;
    }

    /** Bytes forwarded so far; those of our own do not count. */
    public long forwarded() {
        return forwarded;
    }

    /** A buffer to write bytes of our own to, behind everything forwarded so far. Valid until the next call. */
    public ByteBuf append() {
        settleRun();
        ByteBuf buffer = own;
        if (buffer == null) {
            own = buffer = allocate();
        }
        return buffer;
    }

    /** Writes what is pending. The buffer given to {@link #begin} is not needed afterwards. */
    public void end() {
        if (own != null && to - from < COPY_BELOW) {
            settleRun();
        }
        writeOwn();
        writeRun();
        in = null;
        from = to = 0;
    }

    private void settleRun() {
        int length = to - from;
        if (length == 0) {
            return;
        }
        if (length < COPY_BELOW) {
            if (own == null) {
                own = allocate();
            }
            own.writeBytes(in, from, length);
            from = to;
        } else {
            writeOwn();
            writeRun();
        }
    }

    private void writeRun() {
        int length = to - from;
        if (length > 0 && target != null && in != null) {
            target.write(run(in, length), target.voidPromise());
        }
        from = to;
    }

    /** The run as a buffer of its own; if it is the last of a buffer that has been scanned to its end, that buffer itself. */
    private ByteBuf run(ByteBuf source, int length) {
        if (to == source.writerIndex() && !source.isReadable()) {
            return source.readerIndex(from).retain();
        }
        return source.retainedSlice(from, length);
    }

    private void writeOwn() {
        ByteBuf buffer = own;
        own = null;
        if (buffer == null) {
            return;
        }
        if (target == null || !buffer.isReadable()) {
            buffer.release();
        } else {
            target.write(buffer, target.voidPromise());
        }
    }

    private ByteBuf allocate() {
        if (target != null) {
            return target.alloc().ioBuffer(OWN_SIZE);
        }
        return io.netty.buffer.UnpooledByteBufAllocator.DEFAULT.heapBuffer(OWN_SIZE);
    }
}
