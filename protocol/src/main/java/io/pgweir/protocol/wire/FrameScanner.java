package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Walks the typed messages of one direction of a connection ("Message Formats": one type byte, a four-byte length that
 * counts itself, the body) over reads that may be cut at any byte.
 *
 * <p>A {@link Sink} says for each message how much of it must be in one piece before it can be decided upon; whatever is
 * longer is handed on as it arrives. Nothing is allocated unless a read ends inside a header or inside a message that
 * has to be whole; then only that tail is kept.
 *
 * <p>Not thread-safe; belongs to whoever owns the connection. The sink must not call back into the scanner.
 */
public final class FrameScanner {
    /** Bytes of a message header: type and length. */
    public static final int HEADER = 5;

    /** Longest message PostgreSQL accepts, length word and body (1 GB less one byte), plus some slack for its header. */
    public static final int MAX_LENGTH_WORD = 0x3fffffff + 4;

    /** Receives the messages. */
    public interface Sink {
        /** A run over {@code in} begins; messages that follow lie in this buffer. */
        void begin(ByteBuf in);

        /**
         * How many bytes of this message, header included, must be available before {@link #frame} is called; more than
         * {@code length} means the whole message. Asked again each time more has come, so it may peek at what is there:
         * the {@code available} bytes from {@code at} on, at least the header.
         *
         * @throws ProtocolViolation if the message is not acceptable here at all
         */
        int required(byte type, ByteBuf in, int at, int length, int available);

        /**
         * One message.
         *
         * @param at absolute index of its type byte in {@code in}
         * @param length its length in bytes, header included
         * @param available how many of them are in {@code in}; the others follow by {@link #rest}
         * @return false to stop before this message; it is presented again after {@link FrameScanner#resume}
         */
        boolean frame(byte type, ByteBuf in, int at, int length, int available);

        /** The next {@code length} bytes of the message that {@link #frame} took last. */
        void rest(ByteBuf in, int at, int length);

        /**
         * The run is over, well or by an exception; references to {@code in} that are still needed must be retained now. If
         * nothing of it is left to read, the scanner looks at it no more, and its indices may be set.
         */
        void end(ByteBuf in);
    }

    /** A read up to this length is joined with what was kept of the one before; of a longer one only what belongs to it. */
    private static final int JOINED = 2048;

    private @Nullable ByteBuf kept;
    private boolean keptIsOurs;
    private boolean paused;
    private boolean closed;
    private int wanted;
    private int rest;

    /** Scans the next read. Takes over the caller's reference to {@code in}. */
    public void feed(ByteBuf in, Sink sink) {
        if (closed) {
            in.release();
            return;
        }
        while (kept != null && keptIsOurs && !paused && in.readableBytes() > JOINED) {
            complete(in, sink);
            if (closed) {
                in.release();
                return;
            }
        }
        if (kept != null) {
            append(in);
            if (paused || kept.readableBytes() < wanted) {
                return;
            }
            in = takeKept();
        }
        run(in, sink);
    }

    /** Takes as much of a read as completes what is kept, so that the rest need not be copied. */
    private void complete(ByteBuf in, Sink sink) {
        ByteBuf head = Objects.requireNonNull(kept);
        boolean completed = false;
        try {
            head.writeBytes(in, Math.min(wanted - head.readableBytes(), in.readableBytes()));
            if (head.readableBytes() >= wanted) {
                run(takeKept(), sink);
            }
            completed = true;
        } finally {
            if (!completed) {
                in.release();
            }
        }
    }

    /** Goes on after {@link Sink#frame} returned false. */
    public void resume(Sink sink) {
        paused = false;
        if (kept != null && !closed) {
            run(takeKept(), sink);
        }
    }

    /** True between a {@code false} of {@link Sink#frame} and {@link #resume}. */
    public boolean isPaused() {
        return paused;
    }

    /** True if the last message taken is not complete yet. */
    public boolean insideFrame() {
        return rest > 0;
    }

    /** Bytes that are held back: a cut header, a message that must be whole, or everything while paused. */
    public int keptBytes() {
        return kept == null ? 0 : kept.readableBytes();
    }

    /** Drops what is held; later calls of {@link #feed} release their argument. */
    public void close() {
        closed = true;
        if (kept != null) {
            takeKept().release();
        }
    }

    private void run(ByteBuf in, Sink sink) {
        boolean more = false;
        try {
            sink.begin(in);
            try {
                scan(in, sink);
                more = in.isReadable();
            } finally {
                // Even if a message is refused: what came before it was taken.
                sink.end(in);
            }
        } finally {
            if (more && !closed) {
                keep(in);
            } else {
                in.release();
            }
        }
    }

    private void scan(ByteBuf in, Sink sink) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        if (rest > 0) {
            int length = Math.min(rest, end - at);
            rest -= length;
            sink.rest(in, at, length);
            at += length;
        }
        wanted = HEADER;
        while (!closed && end - at >= HEADER) {
            byte type = in.getByte(at);
            int lengthWord = in.getInt(at + 1);
            if (lengthWord < 4 || lengthWord > MAX_LENGTH_WORD) {
                throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "invalid message length");
            }
            int length = lengthWord + 1;
            int available = Math.min(length, end - at);
            int required = Math.min(sink.required(type, in, at, length, available), length);
            if (available < required) {
                wanted = required;
                break;
            }
            rest = length - available;
            if (!sink.frame(type, in, at, length, available)) {
                rest = 0;
                paused = true;
                break;
            }
            at += available;
        }
        in.readerIndex(at);
    }

    /** A read buffer that was cut late is mostly used up: copy the tail rather than hold the whole. */
    private void keep(ByteBuf in) {
        int readable = in.readableBytes();
        if (paused || readable > in.capacity() / 4) {
            kept = in;
            keptIsOurs = false;
        } else {
            kept = in.alloc()
                    .buffer(Math.max(Math.min(wanted, 1 << 16), readable))
                    .writeBytes(in);
            keptIsOurs = true;
            in.release();
        }
    }

    /** Slices of a read buffer may be on their way to a socket, so it is never grown; a buffer of our own is. */
    private void append(ByteBuf in) {
        ByteBuf head = Objects.requireNonNull(kept);
        try {
            if (keptIsOurs) {
                head.writeBytes(in);
            } else {
                int size = head.readableBytes() + in.readableBytes();
                kept = in.alloc().buffer(size).writeBytes(head).writeBytes(in);
                keptIsOurs = true;
                head.release();
            }
        } finally {
            in.release();
        }
    }

    private ByteBuf takeKept() {
        ByteBuf in = Objects.requireNonNull(kept);
        kept = null;
        return in;
    }
}
