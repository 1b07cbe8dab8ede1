package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.tls.BackendTls;
import io.pgweir.proxy.tls.TlsLibrary;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A logged-in backend without a socket, and a client attached to it that records what it is told. */
final class TestBackend implements AutoCloseable {
    final EmbeddedChannel serverSide = new EmbeddedChannel();
    final EmbeddedChannel clientSide = new EmbeddedChannel();
    final List<String> events = new ArrayList<>();
    final BackendConnection connection;
    final StatementRegistry registry = new StatementRegistry(new AtomicLong());
    ErrorAction onError = ErrorAction.FORWARD;
    private final List<ByteBuf> reads = new ArrayList<>();

    TestBackend() {
        this(100);
    }

    TestBackend(int statementLimit) {
        LoopContext home = new LoopContext(0, serverSide.eventLoop());
        BackendTarget target = new BackendTarget(
                List.of(new HostPort("db", 5432)),
                "app",
                "app",
                BackendCredentials.of(null),
                Map.of(),
                Duration.ofSeconds(10),
                statementLimit,
                TargetSessionAttrs.ANY,
                ServerTls.OFF);
        BackendLogin login = new BackendLogin(
                home,
                target.hosts().get(0),
                target,
                SessionSettings.NONE,
                Runnable::run,
                closed -> events.add("closed"),
                new BackendConnector.Result() {
                    @Override
                    public void connected(BackendConnection backend) {}

                    @Override
                    public void failed(BackendFailure failure) {}
                },
                new BackendTls(ServerTls.OFF, new TlsLibrary(TlsProviderChoice.JDK, Runnable::run)));
        connection = new BackendConnection(login, serverSide, closed -> events.add("closed"));
        connection.attach(new Client());
    }

    private final class Client implements Attachment {
        private final Outbound toClient = new Outbound();

        Client() {
            toClient.target(clientSide);
        }

        @Override
        public EventLoop eventLoop() {
            return clientSide.eventLoop();
        }

        @Override
        public Outbound toClient() {
            return toClient;
        }

        @Override
        public void readyForQuery(byte status) {
            events.add("ready " + (char) status);
        }

        @Override
        public void parameterStatus(String name, String value) {
            events.add(name + "=" + value);
        }

        @Override
        public void commandComplete(ByteBuf in, int at, int length) {
            events.add(in.toString(at, length - 1, java.nio.charset.StandardCharsets.US_ASCII));
        }

        @Override
        public ErrorAction errorForClient(ErrorFields error) {
            events.add("error " + error.code());
            return onError;
        }

        @Override
        public void replay() {
            events.add("replay");
        }

        @Override
        public void cancelArrived() {
            events.add("cancel arrived");
        }

        @Override
        public boolean wantsNotifications() {
            return false;
        }

        @Override
        public void afterRead() {}

        @Override
        public void readComplete() {}

        @Override
        public void backendWritabilityChanged() {}

        @Override
        public Holder holder(BackendConnection backend, StatementBook book) {
            return new Holder(holdState(backend), "test", backend.statementFor(book), "", "none", 0, 0, 0);
        }

        @Override
        public HoldState holdState(BackendConnection backend) {
            return HoldState.ACTIVE;
        }

        @Override
        public void backendLost(BackendFailure failure) {
            events.add("lost " + failure.kind());
        }
    }

    /** The server sends these bytes, which arrive in reads that end at the given places. */
    void serverSends(byte[] bytes, int... cuts) {
        int from = 0;
        for (int cut : cuts) {
            read(Arrays.copyOfRange(bytes, from, cut));
            from = cut;
        }
        read(Arrays.copyOfRange(bytes, from, bytes.length));
    }

    private void read(byte[] bytes) {
        ByteBuf in = Unpooled.buffer(bytes.length + 64).writeBytes(bytes);
        reads.add(in);
        connection.read(in);
    }

    /** What the client has got since this was asked last. */
    byte[] clientGot() {
        return drain(clientSide);
    }

    /** What PostgreSQL has got since this was asked last. */
    byte[] serverGot() {
        connection.flush();
        return drain(serverSide);
    }

    private static byte[] drain(EmbeddedChannel channel) {
        channel.flush();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return all.toByteArray();
    }

    PreparedStatement statement(String sql) {
        ByteBuf body = Unpooled.copiedBuffer(sql + "\0\0\0", java.nio.charset.StandardCharsets.UTF_8);
        return registry.intern(body, 0, body.readableBytes());
    }

    /** Everything the backend has read, to see that nothing of it leaks. */
    List<ByteBuf> reads() {
        return reads;
    }

    @Nullable
    Attachment attachment() {
        return connection.attachment();
    }

    @Override
    public void close() {
        if (!connection.isClosed()) {
            connection.terminate(1_000);
        }
        // Unflushed writes would fail loudly when their channel closes.
        serverSide.flush();
        clientSide.flush();
        serverSide.finishAndReleaseAll();
        clientSide.finishAndReleaseAll();
    }
}
