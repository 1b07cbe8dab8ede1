package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.pgweir.proxy.testkit.RunningProxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
class ShutdownTest {
    /** Whoever waits for the end may end the process, and with it the thread that writes the log. */
    @Test
    void theEndIsReportedOnlyAfterItsLastLogLine() throws Exception {
        CountDownLatch lastLine = new CountDownLatch(1);
        CountDownLatch mayBeWritten = new CountDownLatch(1);
        AppenderBase<ILoggingEvent> slowDisk = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getFormattedMessage().equals("stopped")) {
                    lastLine.countDown();
                    try {
                        mayBeWritten.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        };
        Logger logger = (Logger) LoggerFactory.getLogger(Proxy.class);
        Level before = logger.getLevel();
        logger.setLevel(Level.INFO);
        slowDisk.setContext(logger.getLoggerContext());
        slowDisk.start();
        logger.addAppender(slowDisk);
        try (RunningProxy running = RunningProxy.at("postgresql://127.0.0.1:1/*")) {
            running.proxy().shutdown();
            lastLine.await();
            CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> awaitEnd(running.proxy()));
            // Until the line is written there is nothing else to wait for: the end must not come.
            assertThat(ended.orTimeout(300, TimeUnit.MILLISECONDS)).failsWithin(5, TimeUnit.SECONDS);
            mayBeWritten.countDown();
            awaitEnd(running.proxy());
        } finally {
            mayBeWritten.countDown();
            logger.detachAppender(slowDisk);
            logger.setLevel(before);
        }
    }

    private static void awaitEnd(Proxy proxy) {
        try {
            proxy.awaitTermination();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
