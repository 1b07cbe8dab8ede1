package io.pgweir.benchmark;

import io.pgweir.proxy.app.Proxy;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * Sixteen clients at once, through one pool or four, on one event loop or several: transactions per second of them all, before a
 * server that answers at once. Clients and server take processors, too, so that it shows growth only on a machine with more of them.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
@Threads(16)
public class CoresBenchmark {
    /** The proxy and the server behind it. */
    @State(Scope.Benchmark)
    public static class Setting {
        @Param({"1", "2", "4"})
        public int loops;

        @Param({"1", "4"})
        public int pools;

        private @Nullable CannedServer server;
        private @Nullable Proxy proxy;

        @Setup(Level.Trial)
        public void open() throws Exception {
            server = new CannedServer();
            proxy = Proxy.start(Configurations.before(server.port(), TransportChoice.AUTO, loops));
        }

        CannedClient client(int number) throws IOException {
            if (server == null || proxy == null) {
                throw new IllegalStateException("not set up");
            }
            return new CannedClient(
                    proxy.clientAddress().getPort(), "bench" + number % pools, server, CannedClient.Work.SIMPLE);
        }

        @TearDown(Level.Trial)
        public void close() throws Exception {
            if (proxy != null) {
                proxy.shutdown().get(10, TimeUnit.SECONDS);
            }
            if (server != null) {
                server.close();
            }
        }
    }

    /** One client. */
    @State(Scope.Thread)
    public static class Connection {
        private @Nullable CannedClient client;

        @Setup(Level.Trial)
        public void open(Setting setting, ThreadParams thread) throws IOException {
            client = setting.client(thread.getThreadIndex());
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            if (client != null) {
                client.close();
            }
        }
    }

    @Benchmark
    public int transaction(Connection connection) throws IOException {
        CannedClient client = connection.client;
        if (client == null) {
            throw new IllegalStateException("not set up");
        }
        return client.transaction();
    }
}
