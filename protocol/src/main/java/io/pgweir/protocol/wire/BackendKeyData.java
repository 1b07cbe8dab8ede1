package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;

/**
 * What a client needs to cancel a query of this connection.
 *
 * @param pid the server process
 * @param secret the cancel key, 4 to 256 bytes
 */
public record BackendKeyData(int pid, byte[] secret) implements BackendMessage {
    /** @throws ProtocolViolation on a malformed body or a key of a length the protocol excludes */
    public static BackendKeyData decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        int pid = in.int32();
        int length = in.remaining();
        if (length < Limits.CANCEL_KEY_MIN || length > Limits.CANCEL_KEY_MAX) {
            throw BodyReader.violation("invalid length of cancel key: " + length);
        }
        return new BackendKeyData(pid, in.rest());
    }

    @Override
    public void encode(ByteBuf buf) {
        BackendWriter.backendKeyData(buf, pid, secret);
    }
}
