package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** At least one sample of every message, edge values included. */
final class Messages {
    private Messages() {}

    static List<BackendMessage> backend() {
        return List.of(
                new Authentication.Ok(),
                new Authentication.CleartextPassword(),
                new Authentication.Md5Password(new byte[] {0, -1, 1, 127}),
                new Authentication.Sasl(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")),
                new Authentication.Sasl(List.of()),
                new Authentication.SaslContinue(new byte[] {'r', '=', 'x'}),
                new Authentication.SaslFinal(new byte[0]),
                new Authentication.Unsupported(7),
                new BackendKeyData(-1, new byte[4]),
                new BackendKeyData(4711, new byte[256]),
                BackendMessage.Bare.PARSE_COMPLETE,
                BackendMessage.Bare.BIND_COMPLETE,
                BackendMessage.Bare.CLOSE_COMPLETE,
                BackendMessage.Bare.NO_DATA,
                BackendMessage.Bare.PORTAL_SUSPENDED,
                BackendMessage.Bare.EMPTY_QUERY_RESPONSE,
                BackendMessage.Bare.COPY_DONE,
                new BackendMessage.CommandComplete("INSERT 0 1"),
                new BackendMessage.CopyData(new byte[] {1, 0, -1}),
                new BackendMessage.CopyData(new byte[0]),
                new BackendMessage.CopyResponse(BackendType.COPY_IN_RESPONSE, 0, new short[] {0, 0}),
                new BackendMessage.CopyResponse(BackendType.COPY_OUT_RESPONSE, 1, new short[] {1}),
                new BackendMessage.CopyResponse(BackendType.COPY_BOTH_RESPONSE, 0, new short[0]),
                new BackendMessage.DataRow(values(null, new byte[0], new byte[] {'Z', 0, 0, 0, 5, 'I'})),
                new BackendMessage.DataRow(values()),
                new BackendMessage.ErrorResponse(
                        ErrorFields.error(SqlState.SYNTAX_ERROR, "näh").withHint("try again")),
                new BackendMessage.NoticeResponse(ErrorFields.notice("WARNING", SqlState.WARNING, "")),
                new BackendMessage.FunctionCallResponse(null),
                new BackendMessage.FunctionCallResponse(new byte[] {42}),
                new BackendMessage.ParameterDescription(new int[] {23, -1}),
                new BackendMessage.ParameterDescription(new int[65_535]),
                new BackendMessage.ReadyForQuery(TransactionStatus.FAILED),
                new BackendMessage.RowDescription(List.of(
                        ColumnDescription.text("?column?"),
                        new ColumnDescription("ü", -2, (short) -3, 23, (short) 4, -1, (short) 1))),
                new NegotiateProtocolVersion(ProtocolVersion.V3_2, List.of("_pq_.a", "_pq_.b")),
                new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of()),
                new Notification(99, "channel", "payload €"),
                new ParameterStatus("TimeZone", ""));
    }

    static List<FrontendMessage> frontend() {
        short[] none = {};
        return List.of(
                new FrontendMessage.Query("select 'ß'"),
                new FrontendMessage.Query(""),
                new FrontendMessage.Parse("s1", "select $1", new int[] {25, 0}),
                new FrontendMessage.Parse("", "", new int[0]),
                new FrontendMessage.Bind("p", "s1", new short[] {1}, values(null, new byte[] {0, 1}), none),
                new FrontendMessage.Bind("", "", none, values(), new short[] {0, 1}),
                new FrontendMessage.Bind("", "", none, manyNulls(65_535), none),
                new FrontendMessage.Describe((byte) 'S', "s1"),
                new FrontendMessage.Describe((byte) 'P', ""),
                new FrontendMessage.Execute("", 0),
                new FrontendMessage.Execute("p", -1),
                new FrontendMessage.Close((byte) 'P', "p"),
                FrontendMessage.Bare.SYNC,
                FrontendMessage.Bare.FLUSH,
                FrontendMessage.Bare.COPY_DONE,
                FrontendMessage.Bare.TERMINATE,
                new FrontendMessage.FunctionCall(1, new short[] {1, 0}, values(new byte[3], null), (short) 1),
                new FrontendMessage.CopyData(new byte[] {9}),
                new FrontendMessage.CopyFail("no more"),
                new FrontendMessage.Password(new byte[] {'x', 0}));
    }

    static List<StartupCase> startup() {
        return List.of(
                new StartupCase(buf -> FrontendWriter.startup(buf, ProtocolVersion.V3_2, Map.of("user", "u")), 17),
                new StartupCase(FrontendWriter::sslRequest, 8),
                new StartupCase(FrontendWriter::gssEncRequest, 8),
                new StartupCase(buf -> FrontendWriter.cancelRequest(buf, 7, new byte[32]), 44));
    }

    record StartupCase(Consumer<ByteBuf> writer, int length) {}

    static byte[] encode(BackendMessage message) {
        return written(message::encode);
    }

    static byte[] encode(FrontendMessage message) {
        return written(message::encode);
    }

    static byte[] written(Consumer<ByteBuf> writer) {
        ByteBuf buf = Unpooled.buffer();
        writer.accept(buf);
        byte[] bytes = new byte[buf.readableBytes()];
        buf.readBytes(bytes);
        return bytes;
    }

    /** The body of a whole typed message, as a slice between bytes that are not its own. */
    static ByteBuf body(byte[] message) {
        return between(Arrays.copyOfRange(message, 5, message.length));
    }

    static ByteBuf between(byte[] body) {
        return Unpooled.buffer()
                .writeBytes(new byte[] {'x', 'x', 'x'})
                .writeBytes(body)
                .writeBytes(new byte[] {'y', 0, 0, 'y'})
                .slice(3, body.length);
    }

    static List<byte @Nullable []> values(byte @Nullable []... values) {
        return new ArrayList<>(Arrays.asList(values));
    }

    private static List<byte @Nullable []> manyNulls(int count) {
        return values(new byte[count][]);
    }
}
