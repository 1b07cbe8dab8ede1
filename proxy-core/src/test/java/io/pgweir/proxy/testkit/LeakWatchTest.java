package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A buffer that is forgotten fails the class, whoever forgets it. */
@Timeout(30)
class LeakWatchTest {
    @Test
    void aForgottenBufferIsFound() {
        forget();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            System.gc();
            assertThat(failure()).contains("never released", "LeakWatchTest.forget");
        });
        assertThat(failure()).isEmpty();
    }

    private static void forget() {
        ByteBuf forgotten = PooledByteBufAllocator.DEFAULT.directBuffer(16);
        forgotten.writeByte(1);
    }

    private static String failure() {
        try {
            LeakWatch.failIfLeaked();
            return "";
        } catch (AssertionError e) {
            return String.valueOf(e.getMessage());
        }
    }
}
