package io.pgweir.benchmark;

import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.settings.TransportChoice;
import java.io.IOException;
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

    @Param({"BARE_RELAY", "PGWEIR"})
    public Way way = Way.PGWEIR;

    @Param
    public CannedClient.Work work = CannedClient.Work.SIMPLE;

    @Param({"EPOLL", "IO_URING"})
    public TransportChoice transport = TransportChoice.AUTO;

    private @Nullable CannedServer server;
    private @Nullable Proxy proxy;
    private @Nullable BareRelay relay;
    private @Nullable CannedClient client;

    @Setup(Level.Trial)
    public void open() throws Exception {
        CannedServer canned = new CannedServer();
        server = canned;
        int port = canned.port();
        if (way == Way.BARE_RELAY) {
            relay = new BareRelay(0, port, Transport.choose(transport), 1);
            port = relay.port();
        } else if (way == Way.PGWEIR) {
            proxy = Proxy.start(Configurations.before(port, transport, 1));
            port = proxy.clientAddress().getPort();
        }
        client = new CannedClient(port, "bench", canned, work);
    }

    @Benchmark
    public int transaction() throws IOException {
        CannedClient by = client;
        if (by == null) {
            throw new IllegalStateException("not set up");
        }
        return by.transaction();
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
