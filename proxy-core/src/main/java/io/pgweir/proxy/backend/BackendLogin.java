package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.auth.ScramKeys;
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
import io.pgweir.proxy.settings.ChannelBinding;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.StoredPassword;
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
    private final Executor offload;
    private final BackendListener listener;
    private final BackendConnector.Result result;
    private final BackendTls protection;
    private final FrameScanner scanner = new FrameScanner();
    private final ServerParameters parameters = new ServerParameters();
    private @Nullable ChannelHandlerContext context;
    private @Nullable SslHandler tls;
    private @Nullable ScramClient scram;
    private boolean authenticated;
    private boolean goodbyeSaid;
    private boolean serverRefused;
    private boolean asking;
    private boolean ready;
    private boolean over;
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
        this.offload = offload;
        this.listener = listener;
        this.result = result;
        this.protection = protection;
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
        try {
            scanner.feed((ByteBuf) message, this);
        } catch (ProtocolViolation e) {
            fail(BackendFailure.unreachable(host + " does not speak the PostgreSQL protocol: " + e.getMessage()));
        }
        if (ready && !over) {
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
            if (scram != null && !scram.isVerified()) {
                fail(BackendFailure.unreachable(host + " did not prove that it knows the password (SCRAM)"));
            }
            if (mustBeBound() && (scram == null || !scram.isBound())) {
                fail(BackendFailure.unprotected(
                        host + " takes the login without channel binding, and channel_binding is"
                                + " require: use a password stored as scram-sha-256, or channel_binding=prefer"));
            }
            authenticated = true;
        } else if (request instanceof Authentication.SaslContinue challenge) {
            proveScram(challenge.data());
        } else if (request instanceof Authentication.SaslFinal proof) {
            if (scram == null) {
                fail(BackendFailure.unreachable(host + " ended a SCRAM exchange that had not begun"));
            } else {
                scram.verify(proof.data());
            }
        } else if (request instanceof Authentication.Unsupported unsupported) {
            refuse("asks for an authentication method that pgweir does not know (code " + unsupported.code() + ")");
        } else {
            String lacking = target.credentials().lacking(target.user());
            if (lacking != null) {
                refuse(lacking);
            } else if (mustBeBound() && !(request instanceof Authentication.Sasl)) {
                fail(BackendFailure.unprotected(host + " " + SaslChoice.unbound(tls == null, false)));
            } else if (request instanceof Authentication.Sasl sasl) {
                beginScram(sasl);
            } else {
                answer(request);
            }
        }
    }

    private boolean mustBeBound() {
        return target.tls().channelBinding() == ChannelBinding.REQUIRE;
    }

    /** With the password, or a hash of it. */
    private void answer(Authentication request) {
        BackendCredentials credentials = target.credentials();
        boolean hashed = request instanceof Authentication.Md5Password;
        String answer = request instanceof Authentication.Md5Password md5
                ? credentials.md5(target.user(), md5.salt())
                : credentials.cleartext();
        if (answer == null) {
            refuse(credentials.unfit(
                    target.user(),
                    hashed ? "a proof by MD5" : "the password itself",
                    "let the server's pg_hba.conf ask by scram-sha-256, or give pgweir the password"));
            return;
        }
        ByteBuf out = context().alloc().buffer(128);
        FrontendWriter.password(out, answer);
        send(out);
    }

    private void beginScram(Authentication.Sasl offer) {
        if (target.credentials().stored() instanceof StoredPassword.Md5) {
            refuse(target.credentials()
                    .unfit(target.user(), "a proof by SCRAM", "give pgweir the SCRAM verifier or the password"));
            return;
        }
        SaslChoice choice = SaslChoice.of(offer.mechanisms(), target.tls().channelBinding(), tls);
        ScramClient client = choice.client();
        if (client == null) {
            if (mustBeBound()) {
                fail(BackendFailure.unprotected(host + " " + choice.problem()));
            } else {
                refuse(String.valueOf(choice.problem()));
            }
            return;
        }
        scram = client;
        ByteBuf out = context().alloc().buffer(128);
        FrontendWriter.saslInitialResponse(out, client.mechanism(), client.first());
        send(out);
    }

    private void proveScram(byte[] serverFirst) {
        ScramClient client = scram;
        if (client == null) {
            fail(BackendFailure.unreachable(host + " continued a SCRAM exchange that had not begun"));
            return;
        }
        BackendCredentials credentials = target.credentials();
        ScramClient.Challenge challenge = client.challenge(serverFirst);
        ScramKeys known = credentials.keysFor(challenge.salt(), challenge.iterations());
        if (known != null) {
            sendProof(client, known);
        } else if (credentials.stored() instanceof StoredPassword.Plain plain) {
            derive(client, plain, challenge);
        } else {
            refuse(credentials.other(target.user(), challenge.salt(), challenge.iterations()));
        }
    }

    private void derive(ScramClient client, StoredPassword.Plain plain, ScramClient.Challenge challenge) {
        offload.execute(() -> {
            ScramKeys keys = ScramKeys.derive(plain.password().reveal(), challenge.salt(), challenge.iterations());
            target.credentials().remember(plain, challenge.salt(), challenge.iterations(), keys);
            home.loop().execute(() -> {
                if (!over) {
                    sendProof(client, keys);
                }
            });
        });
    }

    private void sendProof(ScramClient client, ScramKeys keys) {
        ByteBuf out = context().alloc().buffer(256);
        FrontendWriter.saslResponse(out, client.last(keys));
        send(out);
    }

    private void refuse(String why) {
        fail(new BackendFailure(BackendFailure.Kind.REFUSED, "28000", host + " " + why));
    }

    private void send(ByteBuf out) {
        context().writeAndFlush(out, context().voidPromise());
    }

    private ChannelHandlerContext context() {
        return java.util.Objects.requireNonNull(context);
    }
}
