package io.pgweir.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class HandshakesTest {
    @Test
    void aBrokenConnectionIsNoFailureOfTls() {
        Throwable reset = new IOException("Connection reset by peer");
        for (Throwable broken : new Throwable[] {
            reset,
            new ClosedChannelException(),
            new SSLException("failure when writing TLS control frames", reset),
            new DecoderException(new SSLException("x", new ClosedChannelException()))
        }) {
            assertThat(Handshakes.isBroken(broken)).as(broken.toString()).isTrue();
        }
        for (Throwable said : new Throwable[] {
            new SSLException("x"),
            new DecoderException(new SSLHandshakeException("x")),
            // A certificate that cannot be parsed is the server's doing.
            new SSLException("x", new CertificateException(new IOException("not DER")))
        }) {
            assertThat(Handshakes.isBroken(said)).as(said.toString()).isFalse();
        }
    }
}
