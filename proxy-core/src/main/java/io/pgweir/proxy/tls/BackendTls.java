package io.pgweir.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.NetUtil;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.SslMode;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS to the servers of one database. Thread-safe. As with libpq, files are read again for new connections: {@link #refresh},
 * which must not run on an event loop, goes before each.
 */
public final class BackendTls {
    private static final Logger LOG = LoggerFactory.getLogger(BackendTls.class);

    private final AtomicBoolean told = new AtomicBoolean();
    private final ServerTls settings;
    private final TlsLibrary library;
    private final FromFiles<SslContext> files;

    public BackendTls(ServerTls settings, TlsLibrary library) {
        this.settings = settings;
        // BoringSSL's engine sends the name that it verifies.
        this.library = settings.sendsName() ? library : library.onJdk();
        Map<String, Path> paths = new LinkedHashMap<>();
        put(paths, "sslrootcert", settings.roots());
        put(paths, "sslcert", settings.certificate());
        put(paths, "sslkey", settings.key());
        this.files = new FromFiles<>("TLS to a database", paths, this::load);
    }

    private static void put(Map<String, Path> paths, String setting, @Nullable Path path) {
        if (path != null) {
            paths.put(setting, path);
        }
    }

    /** Where {@link #refresh} may be called. */
    public Executor offload() {
        return library.offload();
    }

    public ServerTls settings() {
        return settings;
    }

    /** @throws TlsFault if the files are of no use, and never were */
    public void refresh() throws TlsFault {
        files.refresh();
    }

    /** A server has TLS that could not be used, and {@code sslmode} allows to go without: said once. */
    public void goesWithout(HostPort host, String why) {
        if (told.compareAndSet(false, true)) {
            LOG.warn(
                    "connections to {} are not encrypted, which sslmode {} allows: {}",
                    host,
                    settings.mode().text(),
                    why);
        }
    }

    /** Frees what it holds; connections that are there are not touched. */
    public void close() {
        files.close();
    }

    /** For one new connection to {@code host}; goes first into its pipeline. */
    public SslHandler begin(ByteBufAllocator allocator, HostPort host) {
        SslHandler handler =
                files.use(context -> context.newHandler(allocator, host.host(), host.port(), library.offload()));
        nameServer(handler, host.host());
        return Handshakes.prepare(handler);
    }

    /** Netty names only hosts with a dot; libpq names all but addresses. */
    private void nameServer(SslHandler handler, String host) {
        boolean address = NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
        boolean bare = host.indexOf('.') < 0 && !address;
        if (settings.sendsName() && !bare) {
            return;
        }
        SSLParameters parameters = handler.engine().getSSLParameters();
        try {
            parameters.setServerNames(settings.sendsName() ? List.of(new SNIHostName(host)) : List.of());
        } catch (IllegalArgumentException e) {
            return; // no name that could be sent
        }
        handler.engine().setSSLParameters(parameters);
    }

    private SslContext load(Map<String, TlsFile> read) throws TlsFault {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .endpointIdentificationAlgorithm(settings.mode() == SslMode.VERIFY_FULL ? "HTTPS" : null);
        if (!settings.verifies()) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else if (settings.systemRoots()) {
            builder.trustManager(CertificateCheck.againstSystem());
        } else {
            builder.trustManager(CertificateCheck.against(Objects.requireNonNull(read.get("sslrootcert"))));
        }
        TlsFile certificate = read.get("sslcert");
        TlsFile key = read.get("sslkey");
        if (certificate != null) {
            Identity identity = key == null
                    ? Identity.ofPkcs12(certificate, settings.keyPassword())
                    : Identity.ofPem(certificate, key, settings.keyPassword());
            builder.keyManager(identity.key(), identity.chain().toArray(X509Certificate[]::new));
        }
        return Handshakes.build(builder, library.provider());
    }
}
