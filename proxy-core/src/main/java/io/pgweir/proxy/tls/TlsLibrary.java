package io.pgweir.proxy.tls;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.pgweir.proxy.settings.TlsProviderChoice;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose TLS is used: BoringSSL, whose memory is its own and freed by reference counts, or the JDK's. It is looked for at first
 * use, which takes a while and must not happen on an event loop. Thread-safe.
 */
public final class TlsLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(TlsLibrary.class);

    private static final String TICKETS = "jdk.tls.server.enableSessionTicketExtension";

    private final TlsProviderChoice choice;
    private final Executor offload;
    private @Nullable SslProvider provider;

    /** @param offload takes what is slow: reading files, and steps of handshakes with servers */
    public TlsLibrary(TlsProviderChoice choice, Executor offload) {
        this.choice = choice;
        this.offload = offload;
    }

    /** Where what takes long is done. */
    public Executor offload() {
        return offload;
    }

    /** What is asked for if this machine has it, else the JDK's; the log says why. */
    synchronized SslProvider provider() {
        SslProvider known = provider;
        if (known == null) {
            provider = known = choose();
        }
        return known;
    }

    private SslProvider choose() {
        if (choice == TlsProviderChoice.AUTO) {
            if (OpenSsl.isAvailable()) {
                return SslProvider.OPENSSL_REFCNT;
            }
            LOG.warn("BoringSSL cannot be loaded here, using the JDK's TLS, which is slower: {}", cause());
        }
        // PostgreSQL has no renegotiation, and BoringSSL neither. Read when the JDK's TLS is used first.
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        // With a ticket a client's certificate would be verified once and never again.
        if (System.getProperty(TICKETS) == null) {
            System.setProperty(TICKETS, "false");
        }
        return SslProvider.JDK;
    }

    private static String cause() {
        Throwable root = OpenSsl.unavailabilityCause();
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
    }

    /** The JDK's TLS with the same executor. */
    TlsLibrary onJdk() {
        return new TlsLibrary(TlsProviderChoice.JDK, offload);
    }

    /** Its name for people. */
    String text() {
        return provider() == SslProvider.JDK ? "the JDK's TLS" : OpenSsl.versionString();
    }
}
