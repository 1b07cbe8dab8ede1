package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Any message of a server as a value, for tests and traces. A relay works on the bytes and must not come here: decoding
 * copies. Records with arrays compare them by identity.
 */
public sealed interface BackendMessage
        permits Authentication,
                BackendKeyData,
                NegotiateProtocolVersion,
                Notification,
                ParameterStatus,
                BackendMessage.Bare,
                BackendMessage.CommandComplete,
                BackendMessage.CopyData,
                BackendMessage.CopyResponse,
                BackendMessage.DataRow,
                BackendMessage.ErrorResponse,
                BackendMessage.FunctionCallResponse,
                BackendMessage.NoticeResponse,
                BackendMessage.ParameterDescription,
                BackendMessage.ReadyForQuery,
                BackendMessage.RowDescription {

    /** Appends the whole message. */
    void encode(ByteBuf buf);

    /** Messages that are only their type. */
    enum Bare implements BackendMessage {
        PARSE_COMPLETE(BackendType.PARSE_COMPLETE),
        BIND_COMPLETE(BackendType.BIND_COMPLETE),
        CLOSE_COMPLETE(BackendType.CLOSE_COMPLETE),
        NO_DATA(BackendType.NO_DATA),
        PORTAL_SUSPENDED(BackendType.PORTAL_SUSPENDED),
        EMPTY_QUERY_RESPONSE(BackendType.EMPTY_QUERY_RESPONSE),
        COPY_DONE(BackendType.COPY_DONE);

        private final byte type;

        Bare(byte type) {
            this.type = type;
        }

        @Override
        public void encode(ByteBuf buf) {
            MessageBytes.empty(buf, type);
        }
    }

    record CommandComplete(String tag) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.commandComplete(buf, tag);
        }
    }

    record CopyData(byte[] data) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.copyData(buf, data);
        }
    }

    /**
     * CopyInResponse, CopyOutResponse or CopyBothResponse.
     *
     * @param type which of them, as in {@link BackendType}
     * @param format 0 text, 1 binary
     * @param columnFormats the same per column
     */
    record CopyResponse(byte type, int format, short[] columnFormats) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.copyResponse(buf, type, format, columnFormats);
        }
    }

    /** @param values null is SQL's NULL */
    record DataRow(List<byte @Nullable []> values) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.dataRow(buf, values);
        }
    }

    record ErrorResponse(ErrorFields fields) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.error(buf, fields);
        }
    }

    record NoticeResponse(ErrorFields fields) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.notice(buf, fields);
        }
    }

    /** @param value null is SQL's NULL */
    record FunctionCallResponse(byte @Nullable [] value) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.functionCallResponse(buf, value);
        }
    }

    record ParameterDescription(int[] oids) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.parameterDescription(buf, oids);
        }
    }

    /** @param status one of {@link TransactionStatus} */
    record ReadyForQuery(byte status) implements BackendMessage {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.readyForQuery(buf, status);
        }
    }

    record RowDescription(List<ColumnDescription> columns) implements BackendMessage {
        public RowDescription {
            columns = List.copyOf(columns);
        }

        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.rowDescription(buf, columns);
        }
    }

    /** @throws ProtocolViolation on an unknown type or a malformed body */
    static BackendMessage decode(byte type, ByteBuf body) {
        BodyReader in = new BodyReader(body);
        BackendMessage message = switch (type) {
            case BackendType.AUTHENTICATION -> Authentication.decode(body);
            case BackendType.BACKEND_KEY_DATA -> BackendKeyData.decode(body);
            case BackendType.NEGOTIATE_PROTOCOL_VERSION -> NegotiateProtocolVersion.decode(body);
            case BackendType.NOTIFICATION_RESPONSE -> Notification.decode(body);
            case BackendType.PARAMETER_STATUS -> ParameterStatus.decode(body);
            case BackendType.ERROR_RESPONSE -> new ErrorResponse(ErrorFields.decode(body));
            case BackendType.NOTICE_RESPONSE -> new NoticeResponse(ErrorFields.decode(body));
            case BackendType.PARSE_COMPLETE -> Bare.PARSE_COMPLETE;
            case BackendType.BIND_COMPLETE -> Bare.BIND_COMPLETE;
            case BackendType.CLOSE_COMPLETE -> Bare.CLOSE_COMPLETE;
            case BackendType.NO_DATA -> Bare.NO_DATA;
            case BackendType.PORTAL_SUSPENDED -> Bare.PORTAL_SUSPENDED;
            case BackendType.EMPTY_QUERY_RESPONSE -> Bare.EMPTY_QUERY_RESPONSE;
            case BackendType.COPY_DONE -> Bare.COPY_DONE;
            case BackendType.COPY_DATA -> new CopyData(in.rest());
            case BackendType.COMMAND_COMPLETE -> new CommandComplete(in.string());
            case BackendType.COPY_IN_RESPONSE, BackendType.COPY_OUT_RESPONSE, BackendType.COPY_BOTH_RESPONSE ->
                new CopyResponse(type, in.int8(), in.int16s());
            case BackendType.DATA_ROW -> new DataRow(in.values());
            case BackendType.FUNCTION_CALL_RESPONSE -> new FunctionCallResponse(in.value());
            case BackendType.PARAMETER_DESCRIPTION -> new ParameterDescription(in.int32s());
            case BackendType.READY_FOR_QUERY -> new ReadyForQuery(in.int8());
            case BackendType.ROW_DESCRIPTION -> new RowDescription(columns(in));
            default -> throw BodyReader.violation("invalid backend message type " + (type & 0xff));
        };
        in.end();
        return message;
    }

    private static List<ColumnDescription> columns(BodyReader in) {
        int count = in.uint16();
        List<ColumnDescription> columns = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            columns.add(new ColumnDescription(
                    in.string(), in.int32(), in.int16(), in.int32(), in.int16(), in.int32(), in.int16()));
        }
        return columns;
    }
}
