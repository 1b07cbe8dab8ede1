package io.pgweir.benchmark;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.settings.TransportChoice;
import io.pgweir.proxy.tls.TlsLibrary;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** An idle backend taken and given back, on its event loop, while nobody waits. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class CheckoutBenchmark {
    private static final int TIMES = 1000;
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private @Nullable CannedServer server;
    private @Nullable ExecutorService offload;
    private @Nullable EventLoops loops;
    private @Nullable Pool pool;
    private @Nullable LoopContext loop;
    private @Nullable Client client;

    private static final class Client extends Waiter {
        private final CompletableFuture<BackendConnection> first = new CompletableFuture<>();
        private @Nullable BackendConnection granted;

        Client(Pool pool, LoopContext loop) {
            super(pool, loop);
        }

        @Override
        protected void granted(BackendConnection backend) {
            granted = backend;
            first.complete(backend);
        }

        @Override
        protected void failed(CheckoutFailure failure) {
            first.completeExceptionally(new IllegalStateException(failure.toString()));
        }

        @Override
        protected Object client() {
            return this;
        }

        @Override
        protected String process() {
            return "benchmark";
        }
    }

    @Setup(Level.Trial)
    public void open() throws Exception {
        CannedServer canned = new CannedServer();
        ProxyConfig config = Configurations.before(canned.port(), TransportChoice.AUTO, 1)
                .config()
                .orElseThrow();
        ExecutorService executor = Executors.newSingleThreadExecutor();
        EventLoops eventLoops = new EventLoops(Transport.choose(TransportChoice.AUTO), 1);
        LoopContext only = eventLoops.contexts().get(0);
        BackendTarget target = new BackendTarget(
                config.databases().get(0).hosts(),
                "bench",
                "bench",
                BackendCredentials.of(null),
                Map.of(),
                config.databases().get(0).pool().connectTimeout(),
                100,
                config.databases().get(0).pool().hosts().target(),
                ServerTls.OFF);
        Pool opened = new Pool(
                new PoolKey("bench", "bench"),
                config.databases().get(0).pool(),
                target,
                new BackendConnector(eventLoops.transport(), new TlsLibrary(TlsProviderChoice.JDK, executor), executor),
                new StatementRegistry(new AtomicLong()),
                new Breakers(config.breaker())
                        .servers(
                                target.hosts(), config.databases().get(0).pool().hosts()),
                eventLoops.contexts());
        Client one = new Client(opened, only);
        only.loop().submit(() -> opened.checkout(one, TIMEOUT_NANOS)).get();
        BackendConnection backend = one.first.get(10, TimeUnit.SECONDS);
        only.loop().submit(() -> opened.release(backend)).get();
        server = canned;
        offload = executor;
        loops = eventLoops;
        loop = only;
        pool = opened;
        client = one;
    }

    @TearDown(Level.Trial)
    public void close() throws Exception {
        if (pool != null) {
            pool.shutdown();
        }
        if (loops != null) {
            loops.shutdown().syncUninterruptibly();
        }
        if (offload != null) {
            offload.shutdown();
        }
        if (server != null) {
            server.close();
        }
    }

    @Benchmark
    @OperationsPerInvocation(TIMES)
    public Object checkoutAndRelease() throws Exception {
        Pool from = pool;
        Client by = client;
        LoopContext on = loop;
        if (from == null || by == null || on == null) {
            throw new IllegalStateException("not set up");
        }
        return on.loop()
                .submit(() -> {
                    for (int i = 0; i < TIMES; i++) {
                        from.checkout(by, TIMEOUT_NANOS);
                        from.release(by.granted);
                    }
                })
                .get();
    }
}
