package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RunningProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Requests sent ahead of their answers take no more memory than the client that sends them. */
class PipeliningTest {
    private static final String NO_DATABASE = "postgresql://app:secret@127.0.0.1:1/shop";
    private static final double FEW_BYTES = 16 << 20;

    @Test
    void whoSendsRequestsAndNeverReadsTakesLittleMemoryAndKeepsNobodyWaiting() throws Exception {
        try (RunningProxy proxy = RunningProxy.at(NO_DATABASE);
                Socket flood = connect(proxy)) {
            Http http = new Http(proxy.proxy().httpAddress());
            double before = direct(http);
            String request = "GET /metrics HTTP/1.1\r\n\r\n";
            send(flood, request.repeat(20_000)); // fails when the connection ends
            // The first byte is there: what has come with its request is answered before anybody else is.
            assertThat(flood.getInputStream().read()).isEqualTo('H');
            for (int i = 0; i < 3; i++) {
                assertThat(http.line("/health/live")).isEqualTo("200 live");
                assertThat(direct(http) - before).isLessThan(FEW_BYTES);
            }
        }
    }

    @Test
    void whoReadsSlowlyGetsAllAnswersAndTheyAreMadeAsItReads() throws Exception {
        int requests = 2_000; // 48 MB of answers
        try (RunningProxy proxy = RunningProxy.at(NO_DATABASE);
                Socket slow = connect(proxy)) {
            Http http = new Http(proxy.proxy().httpAddress());
            double before = direct(http);
            // So long that few come in one piece.
            String headers = " HTTP/1.1\r\nX-Padding: " + "x".repeat(8_000) + "\r\n";
            CompletableFuture<Void> sent = send(
                    slow,
                    ("GET /dashboard.js" + headers + "\r\n").repeat(requests - 1) + "GET /health/live" + headers
                            + "Connection: close\r\n\r\n");
            assertThat(slow.getInputStream().read()).isEqualTo('H');
            AtomicInteger there = new AtomicInteger();
            await("no more comes while nobody reads")
                    .during(Duration.ofMillis(300))
                    .until(() -> there.getAndSet(slow.getInputStream().available()) == there.get());
            assertThat(direct(http) - before).isLessThan(FEW_BYTES);
            String answers = new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            sent.join();
            assertThat(answers.split("TTP/1.1 200 OK", -1)).hasSize(requests + 1);
            assertThat(answers).endsWith("live\n");
        }
    }

    private static Socket connect(RunningProxy proxy) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(128 << 10);
        socket.setSoTimeout(10_000);
        socket.connect(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), proxy.proxy().httpAddress().getPort()));
        return socket;
    }

    /** Beside this thread, because it waits while nobody reads. */
    private static CompletableFuture<Void> send(Socket socket, String requests) {
        return CompletableFuture.runAsync(() -> {
            try {
                socket.getOutputStream().write(requests.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static double direct(Http http) throws IOException, InterruptedException {
        return http.metrics().value("pgweir_buffer_memory_bytes", "area", "direct");
    }
}
