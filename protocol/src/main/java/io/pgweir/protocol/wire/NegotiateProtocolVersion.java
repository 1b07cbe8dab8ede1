package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * The server speaks an older minor version than asked for, or does not know some protocol options.
 *
 * @param newestVersion the version to go on with, as a version number ({@link ProtocolVersion})
 * @param unrecognizedOptions the {@code _pq_} options it ignores
 */
public record NegotiateProtocolVersion(int newestVersion, List<String> unrecognizedOptions) implements BackendMessage {
    public NegotiateProtocolVersion {
        unrecognizedOptions = List.copyOf(unrecognizedOptions);
    }

    /** @throws ProtocolViolation on a malformed body */
    public static NegotiateProtocolVersion decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        int version = in.int32();
        int count = in.int32();
        if (count < 0 || count > in.remaining()) {
            throw BodyReader.violation("insufficient data left in message");
        }
        List<String> options = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            options.add(in.string());
        }
        in.end();
        return new NegotiateProtocolVersion(version, options);
    }

    @Override
    public void encode(ByteBuf buf) {
        BackendWriter.negotiateProtocolVersion(buf, newestVersion, unrecognizedOptions);
    }
}
