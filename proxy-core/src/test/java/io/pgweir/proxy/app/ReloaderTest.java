package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.ReloadReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who asks while a reload is under way. */
@Timeout(60)
class ReloaderTest {
    @Test
    void askedSeveralTimesMeanwhileItReadsOnceMore(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("pgweir.yaml");
        String databases = "databases:\n  app: {host: 127.0.0.1, port: 1}\n";
        Files.writeString(file, databases);
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(
                Map.of(
                        "config", file.toString(),
                        "listen", "127.0.0.1:0",
                        "http", "off",
                        "client_auth", "trust"),
                Map.of()));
        Semaphore mayGoOn = new Semaphore(0);
        Semaphore applied = new Semaphore(0);
        AtomicInteger limit = new AtomicInteger();
        Proxy proxy = Proxy.start(loaded, config -> {
            limit.set(config.databases().get(0).pool().connectionLimit());
            applied.release();
            mayGoOn.acquireUninterruptibly();
        });
        try {
            CompletableFuture<ReloadReport> first = proxy.reload("the first");
            assertThat(applied.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            Files.writeString(file, "connection_limit: 7\n" + databases);
            CompletableFuture<ReloadReport> second = proxy.reload("the second");
            CompletableFuture<ReloadReport> third = proxy.reload("the third");
            assertThat(third).isSameAs(second);
            assertThat(first).isNotDone();
            mayGoOn.release();
            assertThat(first.get(20, TimeUnit.SECONDS).changes()).isEmpty();
            assertThat(applied.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            assertThat(limit).hasValue(7);
            mayGoOn.release();
            assertThat(second.get(20, TimeUnit.SECONDS).changes()).hasSize(1);
            assertThat(applied.tryAcquire()).as("a third time").isFalse();
            CompletableFuture<ReloadReport> later = proxy.reload("a later one");
            mayGoOn.release();
            assertThat(later.get(20, TimeUnit.SECONDS).changes()).isEmpty();
        } finally {
            mayGoOn.release(100);
            proxy.shutdown().get(30, TimeUnit.SECONDS);
        }
        assertThat(proxy.reload("nobody")).isCompletedExceptionally();
    }

    @Test
    void anErrorThatNobodyExpectedIsToldAndTheNextReloadWorks(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, "databases:\n  app: {host: 127.0.0.1, port: 1}\n");
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(
                Map.of(
                        "config", file.toString(),
                        "listen", "127.0.0.1:0",
                        "http", "off",
                        "client_auth", "trust"),
                Map.of()));
        AtomicInteger reloads = new AtomicInteger();
        Proxy proxy = Proxy.start(loaded, config -> {
            if (reloads.incrementAndGet() == 1) {
                throw new OutOfMemoryError("on purpose");
            }
        });
        try {
            assertThat(proxy.reload("the first"))
                    .failsWithin(20, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withMessageContaining("on purpose");
            assertThat(proxy.reload("the second").get(20, TimeUnit.SECONDS).problems())
                    .isEmpty();
        } finally {
            proxy.shutdown().get(30, TimeUnit.SECONDS);
        }
    }
}
