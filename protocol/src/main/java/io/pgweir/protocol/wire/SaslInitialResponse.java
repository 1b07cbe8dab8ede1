package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The client's choice of a SASL mechanism and its first message. It shares its type byte with every answer to an
 * authentication request, so only the phase of the login tells it apart.
 *
 * @param data null if the client sent none
 */
public record SaslInitialResponse(String mechanism, byte @Nullable [] data) {
    /** @throws ProtocolViolation on a malformed body; the inner length is bounded by the message */
    public static SaslInitialResponse decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        SaslInitialResponse response = new SaslInitialResponse(in.string(), in.value());
        in.end();
        return response;
    }

    public void encode(ByteBuf buf) {
        FrontendWriter.saslInitialResponse(buf, mechanism, data);
    }
}
