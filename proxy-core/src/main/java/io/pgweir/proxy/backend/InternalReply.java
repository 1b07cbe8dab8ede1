package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import org.jspecify.annotations.Nullable;

/** Takes the replies to a conversation of pgweir's own, from its first message to its ReadyForQuery. */
public interface InternalReply {
    /** A DataRow's body. */
    default void row(ByteBuf body) {}

    /**
     * ReadyForQuery has come.
     *
     * @param error the first error, or null if all went well
     */
    void done(@Nullable ErrorFields error);
}
