package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import io.pgweir.proxy.app.StartupFailure;
import io.pgweir.proxy.testkit.RunningProxy;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several listening sockets on one address. Each has what processes would have of their own. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ListeningSocketTest {
    private static final int CONNECTS = 40;

    private final List<Socket> clients = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();

    private static final class Process {
        private final EventLoops loops;
        private final AtomicInteger accepted = new AtomicInteger();
        private final ListeningSocket socket;

        Process(Transport transport, int port) throws Exception {
            loops = new EventLoops(transport, 1);
            ServerBootstrap bootstrap = new ServerBootstrap()
                    .group(loops.group())
                    .channel(transport.serverChannel())
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            accepted.incrementAndGet();
                        }
                    });
            socket = ListeningSocket.bindShared(bootstrap, new InetSocketAddress("127.0.0.1", port));
        }
    }

    @AfterEach
    void close() throws Exception {
        for (Socket client : clients) {
            client.close();
        }
        processes.forEach(process -> process.loops.shutdown().awaitUninterruptibly());
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void theNewestTakesEveryConnectionAndLeavesThemToTheOthersWhenItGoes(Transport transport) throws Exception {
        assumeTrue(transport == Transport.EPOLL ? Epoll.isAvailable() : IoUring.isAvailable());
        Process first = start(transport, 0);
        int port = first.socket.address().getPort();
        assertThat(first.socket.leave()).as("there is nobody else").isFalse();
        assertAllGoTo(first, port);
        Process second = start(transport, port);
        assertAllGoTo(second, port);
        assertThat(second.socket.leave()).isTrue();
        assertAllGoTo(first, port); // a step back
        second.socket.close();
        assertAllGoTo(first, port);
        Process third = start(transport, port);
        assertAllGoTo(third, port);
        assertThat(first.socket.leave()).isTrue();
        first.socket.close();
        assertAllGoTo(third, port);
        Process fourth = start(transport, port);
        assertAllGoTo(fourth, port);
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void whoWaitsInTheQueueIsSeenAndAccepted(Transport transport) throws Exception {
        assumeTrue(transport == Transport.EPOLL ? Epoll.isAvailable() : IoUring.isAvailable());
        Process first = start(transport, 0);
        assertThat(first.socket.isAwaited()).isFalse();
        CountDownLatch gate = new CountDownLatch(1);
        first.loops.contexts().get(0).loop().execute(() -> awaitOpen(gate));
        connect(first.socket.address().getPort(), CONNECTS);
        if (transport == Transport.EPOLL) { // io_uring accepts without the loop
            assertThat(first.socket.isAwaited()).isTrue();
        }
        gate.countDown();
        await().until(() -> first.accepted.get() == CONNECTS && !first.socket.isAwaited());
    }

    @Test
    void nioIsRefusedInWords() {
        assertThatThrownBy(
                        () -> RunningProxy.at("postgresql://127.0.0.1:1/*", "reuse_port", "true", "transport", "nio"))
                .hasCauseInstanceOf(StartupFailure.class)
                .hasMessageContaining("reuse_port needs the transport epoll or io_uring");
    }

    private static void awaitOpen(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process start(Transport transport, int port) throws Exception {
        Process process = new Process(transport, port);
        processes.add(process);
        return process;
    }

    private void assertAllGoTo(Process expected, int port) throws Exception {
        List<Integer> before =
                processes.stream().map(each -> each.accepted.get()).toList();
        connect(port, CONNECTS);
        await().until(() -> expected.accepted.get() == before.get(processes.indexOf(expected)) + CONNECTS);
        for (Process each : processes) {
            if (each != expected) {
                assertThat(each.accepted.get()).isEqualTo(before.get(processes.indexOf(each)));
            }
        }
    }

    private void connect(int port, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            clients.add(new Socket("127.0.0.1", port));
        }
    }
}
