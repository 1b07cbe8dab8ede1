package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import org.jspecify.annotations.Nullable;

/**
 * The statement that a backend was last given, remembered as cheaply as can be: prepared ones by a reference, others by a copy
 * of their beginning and end. What it says is worked out only when somebody asks. The bytes may hold secrets: they are never
 * shown as they are. Same thread as its {@link BackendConnection}.
 */
public final class RunningStatement {
    /** A Query is copied whole up to this length; most are shorter. */
    static final int HEAD = 2048;

    /** Of a longer one this much of its end, where comments stand. */
    static final int TAIL = 512;

    private static final byte[] NOTHING = {};
    private static final int SMALLEST_COPY = 256;

    private byte[] copy = NOTHING;
    private byte[] text = NOTHING;
    private int length;
    private int tailLength;
    private boolean endsWithZero;
    private @Nullable StatementView view = StatementView.NONE;

    /**
     * A statement whose text is passing through.
     *
     * @param to exclusive, as far as the text is there
     * @param complete whether that is all of it
     */
    public void passing(ByteBuf in, int from, int to, boolean complete) {
        int size = Math.max(0, to - from);
        int head = Math.min(size, HEAD);
        int tail = complete ? Math.min(size - head, TAIL) : 0;
        if (copy.length < head + tail) {
            copy = new byte[Math.max(SMALLEST_COPY, Integer.highestOneBit(head + tail - 1) << 1)];
        }
        in.getBytes(from, copy, 0, head);
        if (tail > 0) {
            in.getBytes(to - tail, copy, head, tail);
        }
        text = copy;
        length = head;
        tailLength = tail;
        endsWithZero = false;
        view = null;
    }

    /** A statement that is kept elsewhere: text, a zero, and what does not matter here. */
    public void kept(byte[] body, int bodyLength) {
        text = body;
        length = bodyLength;
        tailLength = 0;
        endsWithZero = true;
        view = null;
    }

    /** Nothing is known of what runs, or nothing runs. */
    public void clear() {
        text = NOTHING;
        length = 0;
        view = StatementView.NONE;
    }

    /** What it may be shown as. */
    StatementView view(StatementBook book, boolean standardStrings) {
        StatementView known = view;
        if (known == null) {
            view = known = read(book, standardStrings);
        }
        return known;
    }

    private StatementView read(StatementBook book, boolean standardStrings) {
        ByteBuf bytes = Unpooled.wrappedBuffer(text);
        int end = length;
        if (endsWithZero) {
            int zero = bytes.indexOf(0, length, (byte) 0);
            end = zero < 0 ? length : zero;
        }
        return tailLength == 0
                ? book.read(bytes, 0, end, standardStrings)
                : book.read(bytes, 0, end, end, end + tailLength, standardStrings);
    }
}
