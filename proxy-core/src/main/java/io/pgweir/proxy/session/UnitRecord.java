package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;
import org.jspecify.annotations.Nullable;

/**
 * The unit that was sent last, if it can be sent again: extended-protocol messages that use a named statement, from the
 * first to Sync in one read, outside a transaction. PostgreSQL may not know the statement any more, or refuse its old
 * plan; it says so before it executes anything, so the unit can be repeated unseen. Holds the read buffer, copies nothing.
 */
final class UnitRecord {
    private @Nullable ByteBuf buffer;
    private int from = -1;
    private int to;
    private boolean described;
    private boolean replayed;

    /** Sends one message, which is complete, as if the client had sent it. */
    interface Sender {
        boolean send(BackendConnection backend, byte type, ByteBuf in, int at, int length, int available);
    }

    /** A Bind or Describe at {@code at}; with {@code first} a unit begins with it that may be repeated. */
    void note(byte type, int at, boolean first) {
        if (first) {
            begin(at);
        }
        if (type == FrontendType.DESCRIBE) {
            described = true; // so a changed shape is no surprise to the client
        }
    }

    /** A unit begins at {@code at}. */
    void begin(int at) {
        forget();
        from = at;
        described = false;
    }

    /** The read ends before the unit does. */
    void cut() {
        from = -1;
    }

    /** Sync: the unit is complete in {@code in}. */
    void complete(ByteBuf in, int end) {
        // A further Sync behind the unit is a unit of its own.
        if (from >= 0 && buffer == null) {
            buffer = in.retain();
            to = end;
        }
    }

    /** Looks at a message, which is complete. */
    interface Test {
        boolean passes(byte type, ByteBuf in, int at, int length);
    }

    /** Whether all its messages pass; only if it is complete. */
    boolean passes(Test test) {
        ByteBuf in = buffer;
        if (in == null) {
            return false;
        }
        for (int at = from; at < to; at += in.getInt(at + 1) + 1) {
            if (!test.passes(in.getByte(at), in, at, in.getInt(at + 1) + 1)) {
                return false;
            }
        }
        return true;
    }

    /** Whether it may be repeated, once. */
    boolean mayReplay(boolean shapeMayChange) {
        return buffer != null && !replayed && (described || !shapeMayChange);
    }

    boolean isComplete() {
        return buffer != null;
    }

    /** Sends its messages again. */
    void replay(BackendConnection backend, Sender sender) {
        ByteBuf messages = take();
        try {
            backend.toServer().begin(messages);
            int at = messages.readerIndex();
            while (at < messages.writerIndex()) {
                int length = messages.getInt(at + 1) + 1;
                sender.send(backend, messages.getByte(at), messages, at, length, length);
                at += length;
            }
            backend.toServer().end();
        } finally {
            messages.release();
        }
    }

    /** The messages again, with a reference that the caller releases. */
    ByteBuf take() {
        ByteBuf in = buffer;
        if (in == null) {
            throw new IllegalStateException("no unit to replay");
        }
        replayed = true;
        ByteBuf messages = in.retainedSlice(from, to - from);
        release();
        return messages;
    }

    /** ReadyForQuery has come, or the unit cannot be repeated any more. */
    void forget() {
        release();
        replayed = false;
    }

    private void release() {
        ByteBuf in = buffer;
        buffer = null;
        from = -1;
        if (in != null) {
            in.release();
        }
    }
}
