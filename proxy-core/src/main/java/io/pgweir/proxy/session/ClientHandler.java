package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.tls.Handshakes;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Netty's side of a client: first its login, then its session. */
public final class ClientHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientHandler.class);

    private final Sessions sessions;
    private @Nullable ClientLogin login;
    private @Nullable ClientSession session;

    public ClientHandler(Sessions sessions) {
        this.sessions = sessions;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        Newcomers.Newcomer newcomer = sessions.newcomers().arrive(channel.remoteAddress());
        ErrorFields refusal = newcomer.refusal();
        if (refusal != null) {
            turnAway(channel, refusal);
            return;
        }
        LoopContext loop = sessions.loops().contextOf(channel.eventLoop());
        ClientLogin first = new ClientLogin(sessions, channel, loop, this, newcomer);
        login = first;
        first.start();
    }

    private void turnAway(Channel channel, ErrorFields refusal) {
        sessions.refusals().info("client {} refused: {}", channel.remoteAddress(), refusal.message());
        Newcomers newcomers = sessions.newcomers();
        if (!newcomers.mayTell()) {
            channel.close();
            return;
        }
        channel.closeFuture().addListener(closed -> newcomers.hasBeenTold());
        ByteBuf out = channel.alloc().buffer(256);
        BackendWriter.error(out, refusal);
        channel.write(out, channel.voidPromise());
        LastWords.closeAfterFlush(channel);
    }

    /** The login is complete; what the client has sent since belongs to the session. */
    void loggedIn(ClientSession next, ByteBuf rest) {
        login = null;
        session = next;
        count(next, rest);
        next.clientRead(rest);
        next.clientReadComplete();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (session != null) {
            count(session, in);
            session.clientRead(in);
        } else if (login != null) {
            login.read(in);
        } else {
            in.release();
        }
    }

    private static void count(ClientSession session, ByteBuf in) {
        session.metrics().traffic.received.add(in.readableBytes());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (session != null) {
            session.clientReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (session != null) {
            session.clientWritabilityChanged();
        }
    }

    /** Of TLS: a handshake is over, or the client has said that it ends. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && login != null) {
            login.encrypted(handshake);
        } else if (event instanceof SslCloseCompletionEvent) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        if (session != null) {
            session.clientClosed();
        } else if (login != null) {
            login.closed();
        }
        channel.close();
    }

    /** A broken connection says so by an exception and then closes; the close is what counts. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (Handshakes.isOfTls(cause)) {
            LOG.debug("client {} closed: TLS: {}", ctx.channel().remoteAddress(), Handshakes.describe(cause));
        } else if (!(cause instanceof IOException)) {
            LOG.error("client {} closed: internal error", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }
}
