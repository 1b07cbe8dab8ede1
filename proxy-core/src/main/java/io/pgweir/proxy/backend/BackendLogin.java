package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.pgweir.protocol.wire.Authentication;
import io.pgweir.protocol.wire.BackendKeyData;
import io.pgweir.protocol.wire.BackendType;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ParameterStatus;
import io.pgweir.protocol.wire.ProtocolVersion;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.proxy.net.HandshakeGuard;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.Handshakes;
import java.net.ConnectException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The login to one backend: StartupMessage to the first ReadyForQuery. The channel is active for it when it may send, which with
 * TLS is after the handshake. Everything a server sends here is untrusted and bounded. On the home loop.
 */
final class BackendLogin extends ChannelInboundHandlerAdapter implements FrameScanner.Sink {
    private static final int GOODBYE_SECONDS = 5;

    private final LoopContext home;
    private final HostPort host;
    private final BackendTarget target;
    private final SessionSettings startup;
    private final BackendProof proof;
    private final BackendListener listener;
    private final BackendConnector.Result result;
    private final BackendTls protection;
    private final FrameScanner scanner = new FrameScanner();
    private final ServerParameters parameters = new ServerParameters();
    private @Nullable ChannelHandlerContext context;
    private @Nullable SslHandler tls;
    private boolean authenticated;
    private boolean goodbyeSaid;
    private boolean serverRefused;
    private boolean asking;
    private boolean ready;
    private volatile boolean over; // also read where keys are derived
    private int received;
    private int pid;
    private byte[] secret = {};

    BackendLogin(
            LoopContext home,
            HostPort host,
            BackendTarget target,
            SessionSettings startup,
            Executor offload,
            BackendListener listener,
            BackendConnector.Result result,
            BackendTls protection) {
        this.home = home;
        this.host = host;
        this.target = target;
        this.startup = startup;
        this.listener = listener;
        this.result = result;
        this.protection = protection;
        this.proof = new BackendProof(this, target, offload);
    }

    LoopContext home() {
        return home;
    }

    HostPort host() {
        return host;
    }

    int pid() {
        return pid;
    }

    byte[] secret() {
        return secret;
    }

    ServerParameters parameters() {
        return parameters;
    }

    SessionSettings startup() {
        return startup;
    }

    /** How the connection is protected; null: it is not. */
    @Nullable
    BackendTls protection() {
        return tls == null ? null : protection;
    }

    /** Whether it was the server that ended the login, by an ErrorResponse, and not pgweir. */
    boolean isRefusedByServer() {
        return serverRefused;
    }

    int statementLimit() {
        return target.statementLimit();
    }

    boolean isOver() {
        return over;
    }

    void connectFailed(Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            fail(BackendFailure.timedOut("could not connect to " + host + ": no answer"));
            return;
        }
        boolean refused = cause instanceof ConnectException;
        String reason = refused ? "connection refused" : String.valueOf(cause.getMessage());
        fail(BackendFailure.unreachable("could not connect to " + host + ": " + reason));
    }

    /** Ends the attempt; the result comes once the socket is closed, so that the limit counts it until then. */
    void fail(BackendFailure failure) {
        if (over) {
            return;
        }
        over = true;
        scanner.close();
        ChannelHandlerContext open = context;
        if (open == null || !open.channel().isActive()) {
            if (open != null) {
                open.close();
            }
            result.failed(failure);
            return;
        }
        open.channel().closeFuture().addListener(done -> result.failed(failure));
        if (goodbyeSaid) {
            // The server closes when its process has gone; until then it counts there as well.
            open.executor().schedule(() -> open.close(), GOODBYE_SECONDS, TimeUnit.SECONDS);
        } else {
            HandshakeGuard.close(open.channel());
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (over) {
            ctx.close();
            return;
        }
        tls = ctx.pipeline().get(SslHandler.class);
        Map<String, String> startupParameters = new LinkedHashMap<>();
        startupParameters.put("user", target.user());
        startupParameters.put("database", target.database());
        startupParameters.putAll(target.parameters());
        startupParameters.putAll(startup.values());
        ByteBuf out = ctx.alloc().buffer(256);
        FrontendWriter.startup(out, ProtocolVersion.V3_0, startupParameters);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        received += in.readableBytes();
        if (received > Limits.LOGIN_BYTES) {
            in.release();
            fail(BackendFailure.unreachable(host + " sent more than " + Limits.LOGIN_BYTES + " bytes during login"));
            return;
        }
        try {
            scanner.feed(in, this);
        } catch (ProtocolViolation e) {
            fail(BackendFailure.unreachable(host + " does not speak the PostgreSQL protocol: " + e.getMessage()));
        }
        // Part of a message behind ReadyForQuery is awaited here: its rest would be no message to whoever reads then.
        if (ready && !over && scanner.keptBytes() == 0 && !scanner.insideFrame()) {
            over = true;
            BackendConnection backend = new BackendConnection(this, ctx.channel(), listener);
            ctx.pipeline().replace(this, null, new BackendHandler(backend));
            result.connected(backend);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(BackendFailure.unreachable(host + " closed the connection during login"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof DecoderException) {
            // Of TLS 1.3 a server may say only now what it has against our certificate.
            String why = "TLS with " + host + " failed: " + Handshakes.describe(cause);
            fail(Handshakes.isBroken(cause) ? BackendFailure.unreachable(why) : BackendFailure.unprotected(why));
        } else {
            fail(BackendFailure.unreachable("connection to " + host + " failed during login: " + cause.getMessage()));
        }
    }

    @Override
    public void begin(ByteBuf in) {}

    @Override
    public void end(ByteBuf in) {}

    @Override
    public void rest(ByteBuf in, int at, int length) {}

    @Override
    public int required(byte type, ByteBuf in, int at, int length, int available) {
        if (length > Limits.ERROR_RESPONSE) {
            throw new ProtocolViolation(
                    io.pgweir.protocol.wire.SqlState.PROTOCOL_VIOLATION,
                    "a message of " + length + " bytes in a login");
        }
        return length;
    }

    @Override
    public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
        if (over || ready) {
            return true;
        }
        ByteBuf body = in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER);
        switch (type) {
            case BackendType.AUTHENTICATION -> authenticate(Authentication.decode(body));
            case BackendType.PARAMETER_STATUS -> {
                ParameterStatus parameter = ParameterStatus.decode(body);
                parameters.put(parameter.name(), parameter.value());
            }
            case BackendType.BACKEND_KEY_DATA -> {
                BackendKeyData key = BackendKeyData.decode(body);
                pid = key.pid();
                secret = key.secret();
            }
            case BackendType.ERROR_RESPONSE -> {
                goodbyeSaid = true;
                serverRefused = true;
                fail(BackendFailure.ofLoginError(ErrorFields.decode(body)));
            }
            case BackendType.NOTICE_RESPONSE, BackendType.NEGOTIATE_PROTOCOL_VERSION -> {}
            case BackendType.READY_FOR_QUERY -> {
                if (!authenticated) {
                    fail(BackendFailure.unreachable(host + " is ready before it has authenticated anybody"));
                } else {
                    judge();
                }
            }
            default -> answer(type, body);
        }
        return true;
    }

    /** Part of the answer to {@link #askRole}; nothing else may come here. */
    private void answer(byte type, ByteBuf body) {
        boolean ofAnswer = type == BackendType.ROW_DESCRIPTION
                || type == BackendType.DATA_ROW
                || type == BackendType.COMMAND_COMPLETE;
        if (!asking || !ofAnswer) {
            fail(BackendFailure.unreachable(host + " sent " + BackendType.nameOf(type) + " during login"));
        } else if (type == BackendType.DATA_ROW) {
            parameters.role(ServerRole.answered(body));
        }
    }

    /** The session is there; so that it is of use, the server has to be what the pool wants. */
    private void judge() {
        if (!asking) {
            parameters.role(ServerRole.reported(parameters, startup.values()));
        }
        if (target.wanted() == TargetSessionAttrs.ANY) {
            ready = true;
            return;
        }
        ServerRole role = parameters.role();
        if (role == null && asking) {
            fail(BackendFailure.unreachable(host + " does not say whether it is a standby"));
        } else if (role == null) {
            askRole(); // before version 14
        } else if (role.fits(target.wanted())) {
            ready = true;
        } else {
            goodbyeSaid = true;
            ByteBuf out = context().alloc().buffer(8);
            FrontendWriter.terminate(out);
            send(out);
            fail(BackendFailure.unfit(host, role));
        }
    }

    private void askRole() {
        asking = true;
        ByteBuf out = context().alloc().buffer(256);
        FrontendWriter.query(out, ServerRole.QUERY);
        send(out);
    }

    private void authenticate(Authentication request) {
        if (request instanceof Authentication.Ok) {
            proof.accepted();
            authenticated = true;
        } else {
            proof.answer(request);
        }
    }

    void send(ByteBuf out) {
        context().writeAndFlush(out, context().voidPromise());
    }

    ByteBuf buffer(int bytes) {
        return context().alloc().buffer(bytes);
    }

    /** That of the connection; null: it is in clear. */
    @Nullable
    SslHandler tls() {
        return tls;
    }

    private ChannelHandlerContext context() {
        return java.util.Objects.requireNonNull(context);
    }
}
