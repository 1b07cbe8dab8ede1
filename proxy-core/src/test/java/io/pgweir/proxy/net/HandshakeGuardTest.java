package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server's side of a handshake, whose steps wait for a thread that does not come. */
class HandshakeGuardTest {
    private static final int MOST = 10_000;

    private final List<Runnable> waiting = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final EmbeddedChannel server = new EmbeddedChannel(new ChannelInboundHandlerAdapter() {
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent completion && !completion.isSuccess()) {
                failures.add(completion.cause());
            }
        }
    });
    private int room = Integer.MAX_VALUE;
    private SslHandler tls;
    private EmbeddedChannel client;

    @BeforeEach
    void begin() throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .ecp256()
                .subject("CN=x")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        SslContext context = SslContextBuilder.forServer(bundle.getKeyPair().getPrivate(), bundle.getCertificatePath())
                .sslProvider(SslProvider.JDK)
                .build();
        tls = context.newHandler(server.alloc(), waiting::add);
        HandshakeGuard.begin(server.pipeline(), tls, MOST, bytes -> bytes <= room);
        client = new EmbeddedChannel(SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .endpointIdentificationAlgorithm(null)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .build()
                .newHandler(server.alloc()));
        exchange();
        assertThat(waiting).isNotEmpty();
    }

    @AfterEach
    void end() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    private void exchange() {
        Object message;
        while ((message = client.readOutbound()) != null) {
            server.writeInbound(message);
        }
        while ((message = server.readOutbound()) != null) {
            client.writeInbound(message);
        }
    }

    @Test
    void whoSendsTooMuchInAHandshakeIsClosed() {
        server.writeInbound(Unpooled.wrappedBuffer(new byte[MOST / 2]));
        assertThat(server.isOpen()).isTrue();
        server.writeInbound(Unpooled.wrappedBuffer(new byte[MOST]));
        assertThat(server.isOpen()).isFalse();
        assertThat(failures.get(0)).hasMessageContaining("more than " + MOST + " bytes");
    }

    @Test
    void soIsWhoeverThereIsNoRoomFor() {
        room = MOST / 2;
        server.writeInbound(Unpooled.wrappedBuffer(new byte[MOST / 2 + 1]));
        assertThat(server.isOpen()).isFalse();
        assertThat(failures.get(0)).hasMessageContaining("no memory");
        int told = failures.size();
        server.pipeline().fireChannelRead(Unpooled.wrappedBuffer(new byte[1])); // read before it was closed
        assertThat(failures).hasSize(told);
    }

    @Test
    void closingDoesNotWaitForAStep() {
        HandshakeGuard.close(server);
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void itIsGoneAfterTheHandshake() {
        for (int i = 0; i < 20 && !tls.handshakeFuture().isSuccess(); i++) {
            List<Runnable> steps = List.copyOf(waiting);
            waiting.clear();
            steps.forEach(Runnable::run);
            server.runPendingTasks();
            exchange();
        }
        assertThat(tls.handshakeFuture().isSuccess()).isTrue();
        assertThat(server.pipeline().get(HandshakeGuard.class)).isNull();
    }
}
