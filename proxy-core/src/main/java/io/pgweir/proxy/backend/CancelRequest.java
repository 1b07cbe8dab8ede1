package io.pgweir.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.net.HandshakeGuard;
import io.pgweir.proxy.tls.BackendTls;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One CancelRequest on a connection of its own ("Canceling Requests in Progress"). It has arrived when the server closes
 * that connection: by then the signal has been sent. One deadline covers the wait in the lane, the connect and the answer.
 *
 * <pre>
 *   in the lane --start--> connecting --> sent --server closes--> arrived
 *        |                     |            \--deadline--> uncertain: it may still come, the backend is not used again
 *        \--nothing runs--------\--deadline, refused--> certain that it never comes
 * </pre>
 *
 * On the backend's home loop, but for {@link #start}.
 */
final class CancelRequest extends ChannelInboundHandlerAdapter implements TlsNegotiation.Failures {
    private static final Logger LOG = LoggerFactory.getLogger(CancelRequest.class);

    static final long TIMEOUT_MILLIS = 5_000;

    private final BackendConnection backend;
    private final Bootstrap bootstrap;
    private final CancelLane lane;
    private final EventLoop home;
    private final EventLoop owner;
    private @Nullable Channel channel;
    private @Nullable Future<?> deadline;
    private boolean started;
    private long startedAt;
    private boolean sent;
    private boolean finished;

    /** On the loop that owns the backend. */
    CancelRequest(BackendConnection backend, Bootstrap bootstrap, CancelLane lane) {
        this.backend = backend;
        this.bootstrap = bootstrap;
        this.lane = lane;
        this.home = backend.home().loop();
        this.owner = backend.owner();
        backend.cancelSent();
    }

    /** Enters the lane. */
    void send() {
        home.execute(() -> {
            deadline = home.schedule(this::unanswered, TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
            lane.enter(this);
        });
    }

    /** It has its turn; what it was for may be over by now. Any thread. */
    void start() {
        owner.execute(() -> {
            // A server that sent no key cannot be asked.
            boolean possible = backend.secret().length > 0 && !backend.isClosed();
            boolean needed = possible && !backend.ledger().isEmpty();
            home.execute(() -> start(needed));
        });
    }

    private void start(boolean needed) {
        if (finished) {
            lane.leave();
            return;
        }
        started = true;
        startedAt = System.nanoTime();
        if (!needed) {
            finish(true);
            return;
        }
        BackendTls tls = backend.tls();
        if (tls == null) {
            bootstrap.handler(this);
        } else {
            // Protected as the backend is, and never less: the key lets anybody cancel.
            bootstrap.handler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline()
                            .addLast(new TlsNegotiation(tls, backend.host(), true, CancelRequest.this))
                            .addLast(CancelRequest.this);
                }
            });
        }
        ChannelFuture connect = bootstrap.connect(backend.address());
        channel = connect.channel();
        connect.addListener(done -> {
            if (!done.isSuccess()) {
                finish(true);
            }
        });
    }

    @Override
    public void handshakeFailed(BackendFailure failure) {
        refused(failure);
    }

    @Override
    public void refused(BackendFailure failure) {
        LOG.warn("backend {}: its statement could not be cancelled: {}", backend, failure.message());
        finish(!sent);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (finished) {
            ctx.close();
            return;
        }
        sent = true;
        ByteBuf out = ctx.alloc().buffer(32);
        FrontendWriter.cancelRequest(out, backend.pid(), backend.secret());
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        finish(true);
    }

    /** The connection broke before the server closed it in order: nobody knows what became of the request. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        finish(!sent);
    }

    private void unanswered() {
        if (started && !finished) {
            owner.execute(() -> backend.cancelUnanswered(startedAt)); // while it is the owner's still
        }
        finish(!sent);
    }

    /** The owner at the time of the request still owns the backend: nobody releases it while a cancel is in flight. */
    private void finish(boolean certain) {
        if (finished) {
            return;
        }
        finished = true;
        Future<?> timer = deadline;
        if (timer != null) {
            timer.cancel(false);
        }
        Channel open = channel;
        if (open != null) {
            HandshakeGuard.close(open);
        }
        if (started) {
            lane.leave();
        }
        owner.execute(() -> backend.cancelArrived(certain));
    }
}
