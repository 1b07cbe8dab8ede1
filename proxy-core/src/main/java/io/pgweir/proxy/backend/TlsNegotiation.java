package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.net.HandshakeGuard;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.SslNegotiation;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.Handshakes;
import io.pgweir.proxy.tls.TlsFault;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins TLS on a connection to a server ("SSL Session Encryption"). The handlers behind it learn that the channel is active
 * when it is protected, or may go without; then this one removes itself. What fails is told once, and the channel is left to
 * be closed. On the channel's loop.
 *
 * <pre>
 *   active --SSLRequest--> ASKED --S--> PREPARING --files read--> HANDSHAKE --done--> OVER
 *      \                     \--N, if TLS is not a must--------------------------------^
 *       \--direct------------------------> PREPARING
 * </pre>
 */
final class TlsNegotiation extends ChannelInboundHandlerAdapter {
    /** Takes the one failure that there may be; the channel is left to be closed. */
    interface Failures {
        /** The server has TLS, and the handshake did not succeed: it may be asked without. */
        void handshakeFailed(BackendFailure failure);

        /** It did not come to a handshake. */
        void refused(BackendFailure failure);
    }

    private enum Step {
        ASKED,
        PREPARING,
        HANDSHAKE,
        OVER
    }

    private static final Logger LOG = LoggerFactory.getLogger(TlsNegotiation.class);

    /** What a server may send until it is protected: long chains of certificates there are. */
    private static final int MOST_HANDSHAKE_BYTES = 256 << 10;

    private final BackendTls tls;
    private final HostPort host;
    private final boolean must;
    private final Failures failures;
    private Step step = Step.ASKED;
    private @Nullable SslHandler handler;

    /** @param must false if the connection may go on without TLS where the server has none */
    TlsNegotiation(BackendTls tls, HostPort host, boolean must, Failures failures) {
        this.tls = tls;
        this.host = host;
        this.must = must;
        this.failures = failures;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (isDirect()) {
            prepare(ctx);
            return;
        }
        ByteBuf out = ctx.alloc().buffer(8);
        FrontendWriter.sslRequest(out);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    private boolean isDirect() {
        return tls.settings().negotiation() == SslNegotiation.DIRECT;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (step != Step.ASKED) {
            ReferenceCountUtil.release(message);
            if (step == Step.PREPARING) {
                fail(BackendFailure.unprotected(injected()));
            }
            return;
        }
        ByteBuf in = (ByteBuf) message;
        byte answer = in.readByte();
        boolean more = in.isReadable();
        in.release();
        if (answer == 'S' || answer == 'N') {
            if (more) {
                fail(BackendFailure.unprotected(injected()));
            } else if (answer == 'S') {
                prepare(ctx);
            } else if (must) {
                fail(BackendFailure.unprotected(host + " has no TLS, and sslmode is "
                        + tls.settings().mode().text()
                        + ". Turn it on there (ssl = on), or use sslmode=prefer if the network in between is trusted"));
            } else {
                goOn(ctx);
            }
        } else if (answer == 'E') {
            // Its words came without protection: they are not repeated.
            fail(BackendFailure.unreachable(host + " answered the question for TLS with an error"));
        } else {
            fail(BackendFailure.unreachable(
                    host + " does not speak the PostgreSQL protocol: it answered the question for" + " TLS with byte "
                            + (answer & 0xff)));
        }
    }

    private String injected() {
        return host + " has sent data before the TLS handshake. Somebody in the network may have put it there";
    }

    /** Reads the files and loads the library, which takes too long for a loop. */
    private void prepare(ChannelHandlerContext ctx) {
        step = Step.PREPARING;
        tls.offload().execute(() -> {
            try {
                tls.refresh();
                ctx.executor().execute(() -> handshake(ctx));
            } catch (TlsFault e) {
                ctx.executor().execute(() -> fail(BackendFailure.unprotected(e.text())));
            } catch (RuntimeException | LinkageError e) {
                LOG.error("TLS to {} cannot be set up: internal error", host, e);
                ctx.executor()
                        .execute(() -> fail(BackendFailure.unprotected(
                                "TLS to " + host + " cannot be set up: internal error, see the log of pgweir")));
            }
        });
    }

    private void handshake(ChannelHandlerContext ctx) {
        if (step != Step.PREPARING || !ctx.channel().isActive()) {
            return;
        }
        SslHandler begun;
        try {
            begun = tls.begin(ctx.alloc(), host);
        } catch (RuntimeException e) {
            // E.g. what it takes was freed since the files were read. Without an end the attempt would last its whole
            // time.
            LOG.warn("TLS to {} cannot begin: {}", host, e.toString());
            fail(BackendFailure.unreachable("TLS to " + host + " could not begin: " + e.getMessage()));
            return;
        }
        step = Step.HANDSHAKE;
        handler = begun;
        HandshakeGuard.begin(ctx.pipeline(), begun, MOST_HANDSHAKE_BYTES, bytes -> true);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent handshake) || step != Step.HANDSHAKE) {
            ctx.fireUserEventTriggered(event);
            return;
        }
        SslHandler begun = handler;
        if (!handshake.isSuccess()) {
            handshakeFailed(handshake.cause());
        } else if (isDirect() && begun != null && !Handshakes.agreedOnPostgres(begun)) {
            fail(BackendFailure.unprotected(host + " did not agree to PostgreSQL's protocol (ALPN), which"
                    + " sslnegotiation=direct asks for. It takes PostgreSQL 17; or use sslnegotiation=postgres"));
        } else {
            goOn(ctx);
        }
    }

    private void handshakeFailed(Throwable cause) {
        step = Step.OVER;
        String why = "TLS with " + host + " failed: " + Handshakes.describe(cause);
        failures.handshakeFailed(
                Handshakes.isBroken(cause) ? BackendFailure.unreachable(why) : BackendFailure.unprotected(why));
    }

    private void goOn(ChannelHandlerContext ctx) {
        step = Step.OVER;
        ctx.fireChannelActive();
        ctx.pipeline().remove(this);
    }

    private void fail(BackendFailure failure) {
        if (step != Step.OVER) {
            step = Step.OVER;
            failures.refused(failure);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(BackendFailure.unreachable(host + " closed the connection when it was asked for TLS"));
        ctx.fireChannelInactive();
    }

    /** A handshake that fails says so by its event and by an exception, in either order. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (step == Step.HANDSHAKE) {
            handshakeFailed(cause);
        } else {
            fail(BackendFailure.unreachable("connection to " + host + " failed: " + Handshakes.describe(cause)));
        }
        HandshakeGuard.close(ctx.channel());
    }
}
