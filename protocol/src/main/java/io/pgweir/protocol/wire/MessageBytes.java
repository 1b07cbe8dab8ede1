package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts both writers append: the frame, strings, counted lists. A failed append takes back its half message. */
final class MessageBytes {
    private MessageBytes() {}

    /** Starts a message and gives its position, for {@link #end}. */
    static int begin(ByteBuf buf, byte type) {
        int start = buf.writerIndex();
        buf.writeByte(type).writeInt(0);
        return start;
    }

    static void end(ByteBuf buf, int start) {
        buf.setInt(start + 1, buf.writerIndex() - start - 1);
    }

    static void empty(ByteBuf buf, byte type) {
        buf.writeByte(type).writeInt(4);
    }

    static void bytes(ByteBuf buf, byte type, byte[] body) {
        buf.writeByte(type).writeInt(4 + body.length).writeBytes(body);
    }

    /** @throws IllegalArgumentException if the text has a zero byte, which would end it early for the reader */
    static void string(ByteBuf buf, int start, String text) {
        if (text.indexOf('\0') >= 0) {
            throw refuse(buf, start, "a protocol string cannot hold a zero byte");
        }
        ByteBufUtil.writeUtf8(buf, text);
        buf.writeByte(0);
    }

    static void count(ByteBuf buf, int start, int count) {
        if (count > Limits.COUNT) {
            throw refuse(buf, start, "a message counts at most " + Limits.COUNT + " items, not " + count);
        }
        buf.writeShort(count);
    }

    static void formats(ByteBuf buf, int start, short[] formats) {
        count(buf, start, formats.length);
        for (short format : formats) {
            buf.writeShort(format);
        }
    }

    static void values(ByteBuf buf, int start, List<byte @Nullable []> values) {
        count(buf, start, values.size());
        for (byte[] value : values) {
            value(buf, value);
        }
    }

    static void value(ByteBuf buf, byte @Nullable [] value) {
        if (value == null) {
            buf.writeInt(-1);
        } else {
            buf.writeInt(value.length).writeBytes(value);
        }
    }

    /** Text values in the client encoding UTF8. */
    static void texts(ByteBuf buf, int start, @Nullable String[] values) {
        count(buf, start, values.length);
        for (String value : values) {
            if (value == null) {
                buf.writeInt(-1);
            } else {
                int at = buf.writerIndex();
                buf.writeInt(0);
                buf.setInt(at, ByteBufUtil.writeUtf8(buf, value));
            }
        }
    }

    private static IllegalArgumentException refuse(ByteBuf buf, int start, String why) {
        buf.writerIndex(start);
        return new IllegalArgumentException(why);
    }
}
