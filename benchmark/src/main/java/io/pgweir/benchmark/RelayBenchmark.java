package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.TransportChoice;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One transaction there and back, from a client through {@code way} to a server that answers at once, all in this process. Client
 * and server allocate nothing, so what {@code -prof gc} finds is the proxy's: bytes per transaction.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RelayBenchmark {
    /** What is between the client and the server. */
    public enum Way {
        NOTHING,
        BARE_RELAY,
        PGWEIR
    }

    /** What a transaction is made of. */
    public enum Work {
        SIMPLE,
        EXTENDED,
        PREPARED
    }

    @Param({"BARE_RELAY", "PGWEIR"})
    public Way way = Way.PGWEIR;

    @Param
    public Work work = Work.SIMPLE;

    @Param({"EPOLL", "IO_URING"})
    public TransportChoice transport = TransportChoice.AUTO;

    private static final String SQL = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";

    private final ByteBuffer request = ByteBuffer.allocateDirect(1024);
    private final ByteBuffer reply = ByteBuffer.allocateDirect(64 << 10);
    private int replyBytes;
    private @Nullable CannedServer server;
    private @Nullable Proxy proxy;
    private @Nullable BareRelay relay;
    private @Nullable SocketChannel client;

    @Setup(Level.Trial)
    public void open() throws Exception {
        CannedServer canned = new CannedServer();
        server = canned;
        int port = canned.port();
        if (way == Way.BARE_RELAY) {
            relay = new BareRelay(0, port, Transport.choose(transport), 1);
            port = relay.port();
        } else if (way == Way.PGWEIR) {
            proxy = Proxy.start(Configurations.before(port, transport));
            port = proxy.clientAddress().getPort();
        }
        SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        client = channel;
        login(channel);
        prepareWork(channel, canned);
    }

    private static void login(SocketChannel channel) throws IOException {
        byte[] names = "user\0bench\0database\0bench\0\0".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer startup = ByteBuffer.allocate(8 + names.length);
        startup.putInt(8 + names.length).putInt(3 << 16).put(names).flip();
        channel.write(startup);
        awaitReady(channel);
    }

    /** Reads up to the first ReadyForQuery, which ends what was asked. */
    private static void awaitReady(SocketChannel channel) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(64 << 10);
        do {
            if (channel.read(in) < 0) {
                throw new IOException("closed");
            }
        } while (in.position() < 6 || in.get(in.position() - 6) != 'Z' || in.get(in.position() - 5) != 0);
    }

    private void prepareWork(SocketChannel channel, CannedServer canned) throws IOException {
        ByteBuf out = Unpooled.buffer();
        if (work == Work.PREPARED) {
            FrontendWriter.parse(out, "P_0", SQL);
            FrontendWriter.sync(out);
            channel.write(out.nioBuffer());
            awaitReady(channel);
            out.clear();
        }
        if (work == Work.SIMPLE) {
            FrontendWriter.query(out, SQL.replace("$1", "4711"));
            replyBytes = canned.queryReplyBytes();
        } else {
            String name = work == Work.PREPARED ? "P_0" : "";
            if (work == Work.EXTENDED) {
                FrontendWriter.parse(out, "", SQL);
            }
            FrontendWriter.bind(out, "", name, "4711");
            FrontendWriter.describe(out, (byte) 'P', "");
            FrontendWriter.execute(out, "", 0);
            FrontendWriter.sync(out);
            replyBytes = work == Work.PREPARED ? canned.preparedReplyBytes() : canned.extendedReplyBytes();
        }
        request.put(out.nioBuffer()).flip();
    }

    @Benchmark
    public int transaction() throws IOException {
        SocketChannel channel = client;
        if (channel == null) {
            throw new IllegalStateException("not set up");
        }
        request.rewind();
        channel.write(request);
        reply.clear();
        do {
            if (channel.read(reply) < 0) {
                throw new IOException("closed");
            }
        } while (reply.position() < replyBytes);
        if (reply.position() > replyBytes) {
            throw new IOException("more than was expected");
        }
        return reply.position();
    }

    @TearDown(Level.Trial)
    public void close() throws Exception {
        if (client != null) {
            client.close();
        }
        if (proxy != null) {
            proxy.shutdown().get(10, TimeUnit.SECONDS);
        }
        if (relay != null) {
            relay.close();
        }
        if (server != null) {
            server.close();
        }
    }
}
