package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parts of one message body, checks each length against what is left, and complains in PostgreSQL's words
 * (pqformat.c). Inner counts and lengths never lead to an allocation larger than the body itself.
 */
final class BodyReader {
    private final ByteBuf body;

    BodyReader(ByteBuf body) {
        this.body = body;
    }

    static ProtocolViolation violation(String message) {
        return new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, message);
    }

    int remaining() {
        return body.readableBytes();
    }

    private void need(long bytes) {
        if (bytes < 0 || bytes > body.readableBytes()) {
            throw violation("insufficient data left in message");
        }
    }

    byte int8() {
        need(1);
        return body.readByte();
    }

    short int16() {
        need(2);
        return body.readShort();
    }

    int uint16() {
        need(2);
        return body.readUnsignedShort();
    }

    int int32() {
        need(4);
        return body.readInt();
    }

    byte[] bytes(int length) {
        need(length);
        byte[] bytes = new byte[length];
        body.readBytes(bytes);
        return bytes;
    }

    byte[] rest() {
        return bytes(body.readableBytes());
    }

    /** A zero-terminated string; bytes that are no UTF-8 become replacement characters. */
    String string() {
        int zero = body.indexOf(body.readerIndex(), body.writerIndex(), (byte) 0);
        if (zero < 0) {
            throw violation("invalid string in message");
        }
        String text = body.toString(body.readerIndex(), zero - body.readerIndex(), StandardCharsets.UTF_8);
        body.readerIndex(zero + 1);
        return text;
    }

    /** A length word and that many bytes, or null for length -1. */
    byte @Nullable [] value() {
        int length = int32();
        return length == -1 ? null : bytes(length);
    }

    List<byte @Nullable []> values() {
        int count = uint16();
        List<byte @Nullable []> values = new ArrayList<>(); // not sized by a count that may lie
        for (int i = 0; i < count; i++) {
            values.add(value());
        }
        return values;
    }

    short[] int16s() {
        int count = uint16();
        need(2L * count);
        short[] items = new short[count];
        for (int i = 0; i < count; i++) {
            items[i] = body.readShort();
        }
        return items;
    }

    int[] int32s() {
        int count = uint16();
        need(4L * count);
        int[] items = new int[count];
        for (int i = 0; i < count; i++) {
            items[i] = body.readInt();
        }
        return items;
    }

    /** 'S' for a prepared statement or 'P' for a portal. */
    byte target(String message) {
        byte kind = int8();
        if (kind != 'S' && kind != 'P') {
            throw violation("invalid " + message + " message subtype " + kind);
        }
        return kind;
    }

    void end() {
        if (body.isReadable()) {
            throw violation("invalid message format");
        }
    }
}
