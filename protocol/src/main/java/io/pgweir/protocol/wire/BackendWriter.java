package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Appends whole messages of a server to a buffer (protocol chapter "Message Formats"). Strings are written as UTF-8. A
 * string with a zero byte, or more items than a count can hold, is an {@link IllegalArgumentException}, and the buffer is
 * then as before.
 */
public final class BackendWriter {
    private BackendWriter() {}

    public static void authenticationOk(ByteBuf buf) {
        authentication(buf, Authentication.OK);
    }

    public static void authenticationCleartextPassword(ByteBuf buf) {
        authentication(buf, Authentication.CLEARTEXT_PASSWORD);
    }

    /** @param salt 4 bytes */
    public static void authenticationMd5Password(ByteBuf buf, byte[] salt) {
        authentication(buf, Authentication.MD5_PASSWORD, salt);
    }

    /** @param mechanisms in order of preference */
    public static void authenticationSasl(ByteBuf buf, List<String> mechanisms) {
        int start = MessageBytes.begin(buf, BackendType.AUTHENTICATION);
        buf.writeInt(Authentication.SASL);
        for (String mechanism : mechanisms) {
            MessageBytes.string(buf, start, mechanism);
        }
        buf.writeByte(0);
        MessageBytes.end(buf, start);
    }

    public static void authenticationSaslContinue(ByteBuf buf, byte[] data) {
        authentication(buf, Authentication.SASL_CONTINUE, data);
    }

    public static void authenticationSaslFinal(ByteBuf buf, byte[] data) {
        authentication(buf, Authentication.SASL_FINAL, data);
    }

    static void authentication(ByteBuf buf, int code, byte... data) {
        buf.writeByte(BackendType.AUTHENTICATION)
                .writeInt(8 + data.length)
                .writeInt(code)
                .writeBytes(data);
    }

    /** @param secret 4 bytes in protocol 3.0, up to 256 in 3.2 */
    public static void backendKeyData(ByteBuf buf, int pid, byte[] secret) {
        buf.writeByte(BackendType.BACKEND_KEY_DATA)
                .writeInt(8 + secret.length)
                .writeInt(pid)
                .writeBytes(secret);
    }

    public static void parameterStatus(ByteBuf buf, String name, String value) {
        int start = MessageBytes.begin(buf, BackendType.PARAMETER_STATUS);
        MessageBytes.string(buf, start, name);
        MessageBytes.string(buf, start, value);
        MessageBytes.end(buf, start);
    }

    /** @param status one of {@link TransactionStatus} */
    public static void readyForQuery(ByteBuf buf, byte status) {
        buf.writeByte(BackendType.READY_FOR_QUERY).writeInt(5).writeByte(status);
    }

    public static void parseComplete(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.PARSE_COMPLETE);
    }

    public static void bindComplete(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.BIND_COMPLETE);
    }

    public static void closeComplete(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.CLOSE_COMPLETE);
    }

    public static void noData(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.NO_DATA);
    }

    public static void portalSuspended(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.PORTAL_SUSPENDED);
    }

    public static void emptyQueryResponse(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.EMPTY_QUERY_RESPONSE);
    }

    /** @param tag the command tag, for example {@code INSERT 0 1} */
    public static void commandComplete(ByteBuf buf, String tag) {
        int start = MessageBytes.begin(buf, BackendType.COMMAND_COMPLETE);
        MessageBytes.string(buf, start, tag);
        MessageBytes.end(buf, start);
    }

    public static void error(ByteBuf buf, ErrorFields fields) {
        fields(buf, BackendType.ERROR_RESPONSE, fields, "ERROR");
    }

    public static void notice(ByteBuf buf, ErrorFields fields) {
        fields(buf, BackendType.NOTICE_RESPONSE, fields, "NOTICE");
    }

    /**
     * Severity (both forms), code and message are always written, since some drivers fail without them. Zero bytes in a
     * text become spaces: the way to report a problem must not have problems.
     */
    private static void fields(ByteBuf buf, byte type, ErrorFields fields, String defaultSeverity) {
        String severity = fields.severity();
        String inAnyCase = severity == null ? defaultSeverity : severity;
        int start = MessageBytes.begin(buf, type);
        field(buf, start, ErrorField.SEVERITY, fields.fields().getOrDefault(ErrorField.SEVERITY, inAnyCase));
        field(buf, start, ErrorField.SEVERITY_NONLOCALIZED, inAnyCase);
        String code = fields.code();
        field(buf, start, ErrorField.CODE, code == null ? SqlState.INTERNAL_ERROR.code() : code);
        String message = fields.message();
        field(buf, start, ErrorField.MESSAGE, message == null ? "" : message);
        for (Map.Entry<ErrorField, String> entry : fields.fields().entrySet()) {
            if (entry.getKey().compareTo(ErrorField.MESSAGE) > 0) {
                field(buf, start, entry.getKey(), entry.getValue());
            }
        }
        buf.writeByte(0);
        MessageBytes.end(buf, start);
    }

    private static void field(ByteBuf buf, int start, ErrorField field, String value) {
        buf.writeByte(field.type());
        MessageBytes.string(buf, start, value.replace('\0', ' '));
    }

    /**
     * @param newestVersion the newest version of the client's major version that the server speaks, as a version number
     *     ({@link ProtocolVersion}); PostgreSQL sends it so, although its manual says "minor version"
     * @param unrecognized the {@code _pq_} options it does not know
     */
    public static void negotiateProtocolVersion(ByteBuf buf, int newestVersion, List<String> unrecognized) {
        int start = MessageBytes.begin(buf, BackendType.NEGOTIATE_PROTOCOL_VERSION);
        buf.writeInt(newestVersion).writeInt(unrecognized.size());
        for (String option : unrecognized) {
            MessageBytes.string(buf, start, option);
        }
        MessageBytes.end(buf, start);
    }

    public static void rowDescription(ByteBuf buf, List<ColumnDescription> columns) {
        int start = MessageBytes.begin(buf, BackendType.ROW_DESCRIPTION);
        MessageBytes.count(buf, start, columns.size());
        for (ColumnDescription column : columns) {
            MessageBytes.string(buf, start, column.name());
            buf.writeInt(column.tableOid()).writeShort(column.columnNumber());
            buf.writeInt(column.typeOid()).writeShort(column.typeLength()).writeInt(column.typeModifier());
            buf.writeShort(column.format());
        }
        MessageBytes.end(buf, start);
    }

    /** A row in text format; null is SQL's NULL. */
    public static void dataRow(ByteBuf buf, @Nullable String... values) {
        int start = MessageBytes.begin(buf, BackendType.DATA_ROW);
        MessageBytes.texts(buf, start, values);
        MessageBytes.end(buf, start);
    }

    /** A row in any format; null is SQL's NULL. */
    public static void dataRow(ByteBuf buf, List<byte @Nullable []> values) {
        int start = MessageBytes.begin(buf, BackendType.DATA_ROW);
        MessageBytes.values(buf, start, values);
        MessageBytes.end(buf, start);
    }

    public static void parameterDescription(ByteBuf buf, int... oids) {
        int start = MessageBytes.begin(buf, BackendType.PARAMETER_DESCRIPTION);
        MessageBytes.count(buf, start, oids.length);
        for (int oid : oids) {
            buf.writeInt(oid);
        }
        MessageBytes.end(buf, start);
    }

    /**
     * @param format 0 text, 1 binary
     * @param columnFormats the same per column
     */
    public static void copyInResponse(ByteBuf buf, int format, short... columnFormats) {
        copyResponse(buf, BackendType.COPY_IN_RESPONSE, format, columnFormats);
    }

    public static void copyOutResponse(ByteBuf buf, int format, short... columnFormats) {
        copyResponse(buf, BackendType.COPY_OUT_RESPONSE, format, columnFormats);
    }

    public static void copyBothResponse(ByteBuf buf, int format, short... columnFormats) {
        copyResponse(buf, BackendType.COPY_BOTH_RESPONSE, format, columnFormats);
    }

    static void copyResponse(ByteBuf buf, byte type, int format, short... columnFormats) {
        int start = MessageBytes.begin(buf, type);
        buf.writeByte(format);
        MessageBytes.formats(buf, start, columnFormats);
        MessageBytes.end(buf, start);
    }

    public static void copyData(ByteBuf buf, byte[] data) {
        MessageBytes.bytes(buf, BackendType.COPY_DATA, data);
    }

    /** Copies what is readable in {@code data}, and leaves its indexes alone. */
    public static void copyData(ByteBuf buf, ByteBuf data) {
        buf.writeByte(BackendType.COPY_DATA).writeInt(4 + data.readableBytes());
        buf.writeBytes(data, data.readerIndex(), data.readableBytes());
    }

    public static void copyDone(ByteBuf buf) {
        MessageBytes.empty(buf, BackendType.COPY_DONE);
    }

    public static void notificationResponse(ByteBuf buf, int pid, String channel, String payload) {
        int start = MessageBytes.begin(buf, BackendType.NOTIFICATION_RESPONSE);
        buf.writeInt(pid);
        MessageBytes.string(buf, start, channel);
        MessageBytes.string(buf, start, payload);
        MessageBytes.end(buf, start);
    }

    /** @param value null is SQL's NULL */
    public static void functionCallResponse(ByteBuf buf, byte @Nullable [] value) {
        int start = MessageBytes.begin(buf, BackendType.FUNCTION_CALL_RESPONSE);
        MessageBytes.value(buf, value);
        MessageBytes.end(buf, start);
    }
}
