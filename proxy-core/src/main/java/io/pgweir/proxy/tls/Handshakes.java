package io.pgweir.proxy.tls;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** What holds for handshakes in both directions: versions, ALPN, and words for those that fail. */
public final class Handshakes {
    /** The name of PostgreSQL's protocol in ALPN. */
    public static final String ALPN = "postgresql";

    private static final long GOODBYE_MILLIS = 1000;

    /** What BoringSSL and the JDK say. */
    private static final List<String> NO_CERTIFICATE =
            List.of("PEER_DID_NOT_RETURN_A_CERTIFICATE", "Empty client certificate chain");

    private Handshakes() {}

    /** TLS 1.2 at least, as PostgreSQL has it, and nothing kept for later sessions: pooling does that. */
    static SslContext build(SslContextBuilder builder, SslProvider provider) throws TlsFault {
        try {
            SslContext context = builder.sslProvider(provider)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.NO_ADVERTISE,
                            SelectedListenerFailureBehavior.ACCEPT,
                            ALPN))
                    .sessionCacheSize(1)
                    .build();
            if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
                sessions.setSessionCacheEnabled(false);
            }
            return context;
        } catch (SSLException | RuntimeException e) {
            throw new TlsFault("the certificate and key cannot be used: " + deepest(e), e);
        }
    }

    /** Our own deadlines cover the handshake; and who does not take our goodbye is left without. */
    static SslHandler prepare(SslHandler handler) {
        handler.setHandshakeTimeoutMillis(0);
        handler.setCloseNotifyFlushTimeoutMillis(GOODBYE_MILLIS);
        return handler;
    }

    /** Whether both have agreed, by ALPN, that they are about to speak PostgreSQL's protocol. */
    public static boolean agreedOnPostgres(SslHandler handler) {
        return ALPN.equals(handler.applicationProtocol());
    }

    /** The peer's certificate after the handshake; null if it has sent none. */
    public static @Nullable X509Certificate peerCertificate(SslHandler handler) {
        try {
            return handler.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? certificate
                    : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }

    /** Whether a channel's exception is TLS's own: what fails in a handshake has been told by its event. */
    public static boolean isOfTls(Throwable failure) {
        return failure instanceof DecoderException
                && (failure.getCause() instanceof SSLException || isOverload(failure.getCause()));
    }

    /** Whether there are too many handshakes at one time; told where they wait. */
    public static boolean isOverload(@Nullable Throwable failure) {
        return failure instanceof RejectedExecutionException;
    }

    /**
     * Whether the network ended the handshake, and not what was said in it. If it breaks while we write, Netty wraps that as
     * a failure of TLS.
     */
    public static boolean isBroken(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; i < 20 && (cause instanceof DecoderException || cause instanceof SSLException); i++) {
            cause = cause.getCause();
        }
        return cause instanceof IOException && !(cause instanceof SSLException);
    }

    /** Why a handshake failed, in words that stand behind a colon. */
    public static String describe(Throwable failure) {
        UntrustedCertificate untrusted = UntrustedCertificate.in(failure);
        if (untrusted != null) {
            return "its certificate " + untrusted.getMessage();
        }
        Throwable cause =
                failure instanceof DecoderException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof NotSslRecordException) {
            return "what came is no TLS";
        }
        if (cause instanceof ClosedChannelException) {
            return "the connection was closed in the middle of the TLS handshake";
        }
        String words = deepest(cause);
        return NO_CERTIFICATE.stream().anyMatch(words::contains)
                ? "the client has sent no certificate, or has none of a root in tls_ca"
                : words;
    }

    /** Bytes of a foreign origin may be in it: one line, and not too long. */
    private static String deepest(Throwable failure) {
        Throwable root = failure;
        for (int i = 0; i < 20 && root.getCause() != null; i++) {
            root = root.getCause();
        }
        String text = String.valueOf(root.getMessage()).replaceAll("[^\\x20-\\x7e]", " ");
        return text.length() <= 160 ? text : text.substring(0, 160) + "...";
    }
}
