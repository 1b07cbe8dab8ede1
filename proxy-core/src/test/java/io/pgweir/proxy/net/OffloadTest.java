package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OffloadTest {
    @Test
    void noKindWaitsForAnother() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (Offload offload = new Offload()) {
            // Nobody answers look-ups, and strangers flood with handshakes.
            for (Executor stuck :
                    new Executor[] {offload.names(), offload.clientHandshakes(), offload.clientProofs()}) {
                for (int i = 0; i < 10; i++) {
                    stuck.execute(() -> await(end));
                }
            }
            CompletableFuture.runAsync(() -> {}, offload.work()).get(5, TimeUnit.SECONDS);
        } finally {
            end.countDown();
        }
    }

    @Test
    void handshakesOfClientsAreBounded() {
        CountDownLatch end = new CountDownLatch(1);
        try (Offload offload = new Offload()) {
            for (int i = 0; i < Offload.MOST_HANDSHAKES; i++) {
                offload.clientHandshakes().execute(() -> await(end));
            }
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 10; i++) {
                            offload.clientHandshakes().execute(() -> await(end));
                        }
                    })
                    .isInstanceOf(RejectedExecutionException.class);
            assertThat(CompletableFuture.runAsync(() -> {}, offload.work()))
                    .succeedsWithin(java.time.Duration.ofSeconds(5));
        } finally {
            end.countDown();
        }
    }

    @Test
    void passwordsOfStrangersAreBounded() {
        CountDownLatch end = new CountDownLatch(1);
        try (Offload offload = new Offload()) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < Offload.MOST_PROOFS + 10; i++) {
                            offload.clientProofs().execute(() -> await(end));
                        }
                    })
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasMessageContaining("passwords wait");
        } finally {
            end.countDown();
        }
    }

    private static void await(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
