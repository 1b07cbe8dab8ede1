package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Any typed message of a client as a value, for tests and traces. A relay works on the bytes and must not come here:
 * decoding copies. Records with arrays compare them by identity.
 */
public sealed interface FrontendMessage {

    /** Appends the whole message. */
    void encode(ByteBuf buf);

    /** Messages that are only their type. */
    enum Bare implements FrontendMessage {
        SYNC(FrontendType.SYNC),
        FLUSH(FrontendType.FLUSH),
        COPY_DONE(FrontendType.COPY_DONE),
        TERMINATE(FrontendType.TERMINATE);

        private final byte type;

        Bare(byte type) {
            this.type = type;
        }

        @Override
        public void encode(ByteBuf buf) {
            MessageBytes.empty(buf, type);
        }
    }

    record Query(String sql) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.query(buf, sql);
        }
    }

    record Parse(String name, String sql, int[] oids) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.parse(buf, name, sql, oids);
        }
    }

    /** @param parameters null is SQL's NULL */
    record Bind(
            String portal,
            String statement,
            short[] parameterFormats,
            List<byte @Nullable []> parameters,
            short[] resultFormats)
            implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.bind(buf, portal, statement, parameterFormats, parameters, resultFormats);
        }
    }

    /** @param kind 'S' prepared statement, 'P' portal */
    record Describe(byte kind, String name) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.describe(buf, kind, name);
        }
    }

    /** @param maxRows 0 for all */
    record Execute(String portal, int maxRows) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.execute(buf, portal, maxRows);
        }
    }

    /** @param kind 'S' prepared statement, 'P' portal */
    record Close(byte kind, String name) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.close(buf, kind, name);
        }
    }

    /** @param arguments null is SQL's NULL */
    record FunctionCall(int oid, short[] argumentFormats, List<byte @Nullable []> arguments, short resultFormat)
            implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.functionCall(buf, oid, argumentFormats, arguments, resultFormat);
        }
    }

    record CopyData(byte[] data) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.copyData(buf, data);
        }
    }

    record CopyFail(String reason) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.copyFail(buf, reason);
        }
    }

    /** PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse: only the phase of the login tells which. */
    record Password(byte[] body) implements FrontendMessage {
        @Override
        public void encode(ByteBuf buf) {
            FrontendWriter.saslResponse(buf, body);
        }
    }

    /** @throws ProtocolViolation on an unknown type or a malformed body */
    static FrontendMessage decode(byte type, ByteBuf body) {
        BodyReader in = new BodyReader(body);
        FrontendMessage message = switch (type) {
            case FrontendType.QUERY -> new Query(in.string());
            case FrontendType.PARSE -> new Parse(in.string(), in.string(), in.int32s());
            case FrontendType.BIND -> new Bind(in.string(), in.string(), in.int16s(), in.values(), in.int16s());
            case FrontendType.DESCRIBE -> new Describe(in.target("DESCRIBE"), in.string());
            case FrontendType.EXECUTE -> new Execute(in.string(), in.int32());
            case FrontendType.CLOSE -> new Close(in.target("CLOSE"), in.string());
            case FrontendType.SYNC -> Bare.SYNC;
            case FrontendType.FLUSH -> Bare.FLUSH;
            case FrontendType.FUNCTION_CALL -> new FunctionCall(in.int32(), in.int16s(), in.values(), in.int16());
            case FrontendType.COPY_DATA -> new CopyData(in.rest());
            case FrontendType.COPY_DONE -> Bare.COPY_DONE;
            case FrontendType.COPY_FAIL -> new CopyFail(in.string());
            case FrontendType.PASSWORD -> new Password(in.rest());
            case FrontendType.TERMINATE -> Bare.TERMINATE;
            default -> throw BodyReader.violation("invalid frontend message type " + (type & 0xff));
        };
        in.end();
        return message;
    }
}
