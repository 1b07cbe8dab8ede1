package io.pgweir.proxy.testkit;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which a buffer turned out to have been dropped without being released; that may be one of a class
 * before it. Every buffer is tracked, but not each access to one, which makes tests several times slower; {@code
 * -DargLine=-Dio.netty.leakDetection.level=paranoid} does, to find the place. JUnit loads it by itself.
 */
public final class LeakWatch implements BeforeAllCallback, AfterAllCallback {
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    @Override
    public void beforeAll(ExtensionContext context) {
        ByteBufUtil.setLeakListener((type, records) -> LEAKS.add(type + " " + records));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        failIfLeaked();
    }

    static void failIfLeaked() {
        report();
        if (!LEAKS.isEmpty()) {
            String all = String.join("\n", LEAKS);
            LEAKS.clear();
            throw new AssertionError("buffers that were never released:\n" + all);
        }
    }

    /** What the garbage collector has found is told with the next buffer that is tracked. */
    private static void report() {
        PooledByteBufAllocator.DEFAULT.directBuffer(1).release();
    }
}
