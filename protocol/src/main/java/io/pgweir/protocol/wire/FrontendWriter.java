package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Appends whole messages of a client to a buffer (protocol chapter "Message Formats"). Strings are written as UTF-8. A
 * string with a zero byte, or more items than a count can hold, is an {@link IllegalArgumentException}, and the buffer is
 * then as before.
 */
public final class FrontendWriter {
    private static final short[] ALL_TEXT = {};

    private FrontendWriter() {}

    /** The startup packet, length word included, parameters in the map's order. */
    public static void startup(ByteBuf buf, int protocolVersion, Map<String, String> parameters) {
        int start = buf.writerIndex();
        buf.writeInt(0).writeInt(protocolVersion);
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            MessageBytes.string(buf, start, parameter.getKey());
            MessageBytes.string(buf, start, parameter.getValue());
        }
        buf.writeByte(0);
        buf.setInt(start, buf.writerIndex() - start);
    }

    public static void sslRequest(ByteBuf buf) {
        buf.writeInt(8).writeInt(ProtocolVersion.SSL_REQUEST);
    }

    public static void gssEncRequest(ByteBuf buf) {
        buf.writeInt(8).writeInt(ProtocolVersion.GSSENC_REQUEST);
    }

    public static void cancelRequest(ByteBuf buf, int pid, byte[] secret) {
        buf.writeInt(12 + secret.length).writeInt(ProtocolVersion.CANCEL_REQUEST);
        buf.writeInt(pid).writeBytes(secret);
    }

    public static void query(ByteBuf buf, String sql) {
        int start = MessageBytes.begin(buf, FrontendType.QUERY);
        MessageBytes.string(buf, start, sql);
        MessageBytes.end(buf, start);
    }

    /**
     * @param name the prepared statement's name; empty for the unnamed one
     * @param oids parameter types; 0 or missing leaves a type to the server
     */
    public static void parse(ByteBuf buf, String name, String sql, int... oids) {
        int start = MessageBytes.begin(buf, FrontendType.PARSE);
        MessageBytes.string(buf, start, name);
        MessageBytes.string(buf, start, sql);
        MessageBytes.count(buf, start, oids.length);
        for (int oid : oids) {
            buf.writeInt(oid);
        }
        MessageBytes.end(buf, start);
    }

    /** Parameters and results in text format; null is SQL's NULL. */
    public static void bind(ByteBuf buf, String portal, String statement, @Nullable String... textParams) {
        int start = beginBind(buf, portal, statement, ALL_TEXT);
        MessageBytes.texts(buf, start, textParams);
        MessageBytes.formats(buf, start, ALL_TEXT);
        MessageBytes.end(buf, start);
    }

    /**
     * @param parameterFormats none (all text), one for all, or one each
     * @param parameters null is SQL's NULL
     * @param resultFormats none (all text), one for all, or one each
     */
    public static void bind(
            ByteBuf buf,
            String portal,
            String statement,
            short[] parameterFormats,
            List<byte @Nullable []> parameters,
            short[] resultFormats) {
        int start = beginBind(buf, portal, statement, parameterFormats);
        MessageBytes.values(buf, start, parameters);
        MessageBytes.formats(buf, start, resultFormats);
        MessageBytes.end(buf, start);
    }

    private static int beginBind(ByteBuf buf, String portal, String statement, short[] parameterFormats) {
        int start = MessageBytes.begin(buf, FrontendType.BIND);
        MessageBytes.string(buf, start, portal);
        MessageBytes.string(buf, start, statement);
        MessageBytes.formats(buf, start, parameterFormats);
        return start;
    }

    /** @param kind 'S' prepared statement, 'P' portal */
    public static void describe(ByteBuf buf, byte kind, String name) {
        target(buf, FrontendType.DESCRIBE, kind, name);
    }

    /** @param maxRows 0 for all */
    public static void execute(ByteBuf buf, String portal, int maxRows) {
        int start = MessageBytes.begin(buf, FrontendType.EXECUTE);
        MessageBytes.string(buf, start, portal);
        buf.writeInt(maxRows);
        MessageBytes.end(buf, start);
    }

    /** @param kind 'S' prepared statement, 'P' portal */
    public static void close(ByteBuf buf, byte kind, String name) {
        target(buf, FrontendType.CLOSE, kind, name);
    }

    private static void target(ByteBuf buf, byte type, byte kind, String name) {
        int start = MessageBytes.begin(buf, type);
        buf.writeByte(kind);
        MessageBytes.string(buf, start, name);
        MessageBytes.end(buf, start);
    }

    public static void sync(ByteBuf buf) {
        MessageBytes.empty(buf, FrontendType.SYNC);
    }

    public static void flush(ByteBuf buf) {
        MessageBytes.empty(buf, FrontendType.FLUSH);
    }

    public static void terminate(ByteBuf buf) {
        MessageBytes.empty(buf, FrontendType.TERMINATE);
    }

    /** A cleartext password, or the text of {@link io.pgweir.protocol.auth.Md5Password}. */
    public static void password(ByteBuf buf, String password) {
        int start = MessageBytes.begin(buf, FrontendType.PASSWORD);
        MessageBytes.string(buf, start, password);
        MessageBytes.end(buf, start);
    }

    /** @param data the mechanism's first message; null if it has none */
    public static void saslInitialResponse(ByteBuf buf, String mechanism, byte @Nullable [] data) {
        int start = MessageBytes.begin(buf, FrontendType.PASSWORD);
        MessageBytes.string(buf, start, mechanism);
        MessageBytes.value(buf, data);
        MessageBytes.end(buf, start);
    }

    public static void saslResponse(ByteBuf buf, byte[] data) {
        MessageBytes.bytes(buf, FrontendType.PASSWORD, data);
    }

    public static void copyData(ByteBuf buf, byte[] data) {
        MessageBytes.bytes(buf, FrontendType.COPY_DATA, data);
    }

    /** Copies what is readable in {@code data}, and leaves its indexes alone. */
    public static void copyData(ByteBuf buf, ByteBuf data) {
        buf.writeByte(FrontendType.COPY_DATA).writeInt(4 + data.readableBytes());
        buf.writeBytes(data, data.readerIndex(), data.readableBytes());
    }

    public static void copyDone(ByteBuf buf) {
        MessageBytes.empty(buf, FrontendType.COPY_DONE);
    }

    public static void copyFail(ByteBuf buf, String reason) {
        int start = MessageBytes.begin(buf, FrontendType.COPY_FAIL);
        MessageBytes.string(buf, start, reason);
        MessageBytes.end(buf, start);
    }

    /**
     * @param argumentFormats none (all text), one for all, or one each
     * @param arguments null is SQL's NULL
     * @param resultFormat 0 text, 1 binary
     */
    public static void functionCall(
            ByteBuf buf, int oid, short[] argumentFormats, List<byte @Nullable []> arguments, short resultFormat) {
        int start = MessageBytes.begin(buf, FrontendType.FUNCTION_CALL);
        buf.writeInt(oid);
        MessageBytes.formats(buf, start, argumentFormats);
        MessageBytes.values(buf, start, arguments);
        buf.writeShort(resultFormat);
        MessageBytes.end(buf, start);
    }
}
