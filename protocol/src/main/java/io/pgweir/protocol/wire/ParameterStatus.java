package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;

/** A run-time parameter's current value, reported by the server at start and whenever it changes. */
public record ParameterStatus(String name, String value) implements BackendMessage {
    /** @throws ProtocolViolation on a malformed body */
    public static ParameterStatus decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        ParameterStatus status = new ParameterStatus(in.string(), in.string());
        in.end();
        return status;
    }

    @Override
    public void encode(ByteBuf buf) {
        BackendWriter.parameterStatus(buf, name, value);
    }
}
