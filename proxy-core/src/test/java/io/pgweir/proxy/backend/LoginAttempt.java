package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.StoredPassword;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.TlsLibrary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The login to a server without a socket: what the server says is up to the test. */
final class LoginAttempt implements AutoCloseable {
    final EmbeddedChannel channel = new EmbeddedChannel();
    private final BackendLogin login;
    private @Nullable BackendConnection connected;
    private @Nullable BackendFailure failure;

    /** As user app, with the password secret; keys are derived at once. */
    LoginAttempt() {
        this(Runnable::run);
    }

    /** @param offload derives keys */
    LoginAttempt(Executor offload) {
        BackendTarget target = new BackendTarget(
                List.of(new HostPort("db", 5432)),
                "app",
                "app",
                BackendCredentials.of(new StoredPassword.Plain(new Secret("secret"))),
                Map.of(),
                Duration.ofSeconds(10),
                100,
                TargetSessionAttrs.ANY,
                ServerTls.OFF);
        login = new BackendLogin(
                new LoopContext(0, channel.eventLoop()),
                target.hosts().get(0),
                target,
                SessionSettings.NONE,
                offload,
                closed -> {},
                new BackendConnector.Result() {
                    @Override
                    public void connected(BackendConnection backend) {
                        connected = backend;
                    }

                    @Override
                    public void failed(BackendFailure why) {
                        failure = why;
                    }
                },
                new BackendTls(ServerTls.OFF, new TlsLibrary(TlsProviderChoice.JDK, Runnable::run)));
        channel.pipeline().addLast(login);
        login.channelActive(channel.pipeline().context(login));
    }

    /** The server sends these messages in one piece. */
    LoginAttempt serverSends(byte[]... messages) {
        if (!channel.isActive()) {
            return this;
        }
        channel.writeInbound(Unpooled.copiedBuffer(Frontend.join(messages)));
        channel.runPendingTasks();
        return this;
    }

    /** What the server has got since this was asked last, each byte a character. */
    String sent() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return all.toString(StandardCharsets.ISO_8859_1);
    }

    /** connect_timeout is over. */
    void timeOut() {
        login.fail(BackendFailure.timedOut("too late"));
    }

    boolean isConnected() {
        return connected != null;
    }

    /** Whether pgweir has given it up. */
    boolean isOver() {
        return login.isOver();
    }

    /** Why it failed, once the server has closed; null: it has not failed. */
    @Nullable
    BackendFailure failure() {
        if (login.isOver() && connected == null) {
            channel.close();
            channel.runPendingTasks();
        }
        return failure;
    }

    @Override
    public void close() {
        channel.finishAndReleaseAll();
    }
}
