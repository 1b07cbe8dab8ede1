package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RefusalLogTest {
    private long now = 42;

    @Test
    void aFloodIsSomeLinesAndANumber() {
        RefusalLog log = new RefusalLog(() -> now);
        try (LogWatch watch = new LogWatch()) {
            for (int i = 0; i < 1000; i++) {
                log.info("client {} refused: {}", i, "reason");
            }
            assertThat(watch.lines()).hasSize(RefusalLog.MOST).startsWith("client 0 refused: reason");
            now += TimeUnit.MILLISECONDS.toNanos(999);
            log.info("too early");
            assertThat(watch.lines()).hasSize(RefusalLog.MOST);
            now += TimeUnit.MILLISECONDS.toNanos(1);
            log.info("later");
            assertThat(watch.lines().subList(RefusalLog.MOST, RefusalLog.MOST + 2))
                    .containsExactly("and 981 more connections were refused, of which nothing is written", "later");
            now += TimeUnit.SECONDS.toNanos(5);
            log.info("much later");
            assertThat(watch.lines()).hasSize(RefusalLog.MOST + 3).endsWith("much later");
        }
    }
}
