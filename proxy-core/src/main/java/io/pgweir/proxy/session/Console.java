package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandler;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.net.LoopContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The databases that pgweir answers for itself, without a backend, for those who have proved who they are. Thread-safe. */
public interface Console {
    /** Whether clients that ask for {@code database} come here. */
    boolean isCalled(String database);

    /** Null if this user may enter, else what it is told. */
    @Nullable
    ErrorFields refusal(String user);

    /** What a new client is told of its parameters. */
    Map<String, String> parameters(Visitor visitor);

    /** Takes over what the client sends from its login on. */
    Session open(Visitor visitor);

    /**
     * Somebody who has logged in.
     *
     * @param application what it calls itself; may be empty
     */
    record Visitor(Channel channel, LoopContext loop, String database, String user, String application) {}

    /** Netty's side of one of them. */
    interface Session extends ChannelInboundHandler, CancelTarget {
        /** What the client has sent before its login was complete; takes over the reference. */
        void first(ByteBuf rest);
    }
}
