package io.pgweir.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.ReferenceCounted;
import io.pgweir.proxy.settings.ClientTlsMode;
import io.pgweir.proxy.settings.ListenerTls;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS to clients: our certificate, the roots of theirs, and whatever has become of the files since. Thread-safe. {@link
 * #refresh} reads files and must not run on an event loop.
 */
public final class ClientTls {
    /**
     * As PostgreSQL's own server sends: asynchronous users of libpq may overlook what is left of larger records when the
     * socket has nothing more to read.
     */
    private static final int RECORD = 8192;

    private static final Logger LOG = LoggerFactory.getLogger(ClientTls.class);

    /**
     * One connection's side of the handshake.
     *
     * @param handler goes first into the pipeline
     * @param binding what a SCRAM login over it is bound to; null: it cannot be
     */
    public record Handshake(SslHandler handler, byte @Nullable [] binding) {}

    private final ListenerTls settings;
    private final TlsLibrary library;
    private final Executor handshakes;
    private final FromFiles<Loaded> files;

    private ClientTls(ListenerTls settings, TlsLibrary library, Executor handshakes) {
        this.settings = settings;
        this.library = library;
        this.handshakes = handshakes;
        Map<String, Path> paths = new LinkedHashMap<>();
        paths.put("tls_cert", Objects.requireNonNull(settings.certificate()));
        paths.put("tls_key", Objects.requireNonNull(settings.key()));
        if (settings.clientRoots() != null) {
            paths.put("tls_ca", settings.clientRoots());
        }
        this.files = new FromFiles<>("TLS to clients", paths, this::load);
    }

    /**
     * @param handshakes takes the slow steps of handshakes, or throws RejectedExecutionException, which ends one
     * @return null if there is no TLS
     * @throws TlsFault if the files are of no use
     */
    public static @Nullable ClientTls of(ListenerTls settings, TlsLibrary library, Executor handshakes)
            throws TlsFault {
        if (!settings.mode().isOn()) {
            return null;
        }
        ClientTls tls = new ClientTls(settings, library, handshakes);
        tls.files.refresh();
        return tls;
    }

    public ClientTlsMode mode() {
        return settings.mode();
    }

    /** Looks whether the files have changed; connections that are there are not touched. */
    public void refresh() {
        try {
            files.refresh();
        } catch (TlsFault e) {
            throw new IllegalStateException("there is no certificate", e); // there was one at the start
        } catch (RuntimeException | LinkageError e) {
            // As with files of no use, what there was stays; a thread that dies of it would not tell.
            LOG.error("TLS to clients: the files could not be read again; the former ones stay in use", e);
        }
    }

    /** Frees what it holds; connections that are there are not touched. */
    public void close() {
        files.close();
    }

    /** For one new connection. */
    public Handshake begin(ByteBufAllocator allocator) {
        return files.use(loaded -> {
            SslHandler handler = Handshakes.prepare(loaded.context.newHandler(allocator, handshakes));
            handler.setWrapDataSize(RECORD);
            return new Handshake(handler, loaded.binding);
        });
    }

    private Loaded load(Map<String, TlsFile> read) throws TlsFault {
        Identity identity = Identity.ofPem(
                Objects.requireNonNull(read.get("tls_cert")), Objects.requireNonNull(read.get("tls_key")), null);
        SslContextBuilder builder =
                SslContextBuilder.forServer(identity.key(), identity.chain().toArray(X509Certificate[]::new));
        TlsFile roots = read.get("tls_ca");
        if (roots != null) {
            // As PostgreSQL: who sends one that does not verify is refused, even where none is asked for.
            builder.trustManager(CertificateCheck.against(roots))
                    .clientAuth(settings.mode().verifiesClients() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
        }
        SslContext context = Handshakes.build(builder, library.provider());
        X509Certificate certificate = identity.certificate();
        LOG.info(
                "TLS to clients ({}): certificate {} is valid until {}; {}",
                settings.mode().text(),
                certificate.getSubjectX500Principal().getName(),
                certificate.getNotAfter().toInstant(),
                library.text());
        return new Loaded(context, EndPointHash.of(certificate));
    }

    /** A context, and the hash of its certificate. Connections keep the context for themselves. */
    private static final class Loaded extends AbstractReferenceCounted {
        final SslContext context;
        final byte @Nullable [] binding;

        Loaded(SslContext context, byte @Nullable [] binding) {
            this.context = context;
            this.binding = binding;
        }

        @Override
        protected void deallocate() {
            ReferenceCountUtil.release(context);
        }

        @Override
        public ReferenceCounted touch(Object hint) {
            return this;
        }
    }
}
