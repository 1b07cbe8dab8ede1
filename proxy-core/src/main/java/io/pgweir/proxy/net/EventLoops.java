package io.pgweir.proxy.net;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The event loops that carry clients and backends. Thread-safe. */
public final class EventLoops {
    private static final int MOST_AUTO_LOOPS = 4;

    private final Transport transport;
    private final MultiThreadIoEventLoopGroup group;
    private final List<LoopContext> contexts;

    /** @param count number of loops; 0 chooses half the processors, at least 1 and at most 4 */
    public EventLoops(Transport transport, int count) {
        this.transport = transport;
        int loops = count > 0
                ? count
                : Math.max(1, Math.min(MOST_AUTO_LOOPS, Runtime.getRuntime().availableProcessors() / 2));
        this.group =
                new MultiThreadIoEventLoopGroup(loops, new DefaultThreadFactory("pgweir-loop"), transport.handler());
        List<LoopContext> list = new ArrayList<>(loops);
        for (EventExecutor executor : group) {
            list.add(new LoopContext(list.size(), (EventLoop) executor));
        }
        this.contexts = List.copyOf(list);
    }

    public Transport transport() {
        return transport;
    }

    public MultiThreadIoEventLoopGroup group() {
        return group;
    }

    /** One per loop, in the order of their index. */
    public List<LoopContext> contexts() {
        return contexts;
    }

    /** The context of {@code loop}, which must be one of ours. */
    public LoopContext contextOf(EventLoop loop) {
        for (LoopContext context : contexts) {
            if (context.loop() == loop) {
                return context;
            }
        }
        throw new IllegalArgumentException("not one of the proxy's event loops");
    }

    /** Stops the loops; what is still open is closed. */
    public Future<?> shutdown() {
        return group.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    }
}
