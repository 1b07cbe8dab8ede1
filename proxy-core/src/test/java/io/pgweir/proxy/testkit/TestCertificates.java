package io.pgweir.proxy.testkit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority of a test's own and what it issues, as PEM files in one directory. Keys are EC P-256, readable by
 * the owner only, as PostgreSQL wants them.
 */
public final class TestCertificates {
    private static final char[] PASSWORD = "test".toCharArray();

    private final Path directory;
    private final X509Bundle authority;
    private final Path roots;
    private final AtomicInteger number = new AtomicInteger();

    /** A certificate and its key. */
    public record Issued(Path certificate, Path key, X509Bundle bundle) {}

    private TestCertificates(Path directory, X509Bundle authority) throws IOException {
        this.directory = directory;
        this.authority = authority;
        this.roots = write("ca", authority.getCertificatePEM());
    }

    public static TestCertificates in(Path directory) {
        try {
            return new TestCertificates(
                    directory,
                    new CertificateBuilder()
                            .ecp256()
                            .subject("CN=Test CA " + System.nanoTime())
                            .setIsCertificateAuthority(true)
                            .buildSelfSigned());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The authority's own certificate. */
    public Path roots() {
        return roots;
    }

    /** For a server on the loopback address, named localhost as well. */
    public Issued server() {
        return issue(builder("CN=server").addSanDnsName("localhost").addSanIpAddress(InetAddress.getLoopbackAddress()));
    }

    /** For a server of this name alone. */
    public Issued serverNamed(String host) {
        return issue(builder("CN=" + host).addSanDnsName(host));
    }

    /** As {@link #server}, but its time is over. */
    public Issued expiredServer() {
        return issue(builder("CN=server")
                .addSanDnsName("localhost")
                .addSanIpAddress(InetAddress.getLoopbackAddress())
                .notBefore(Instant.now().minus(Duration.ofDays(20)))
                .notAfter(Instant.now().minus(Duration.ofDays(10))));
    }

    /** For a user. */
    public Issued client(String user) {
        return issue(builder("OU=test,CN=" + user));
    }

    public Issued expiredClient(String user) {
        return issue(builder("CN=" + user)
                .notBefore(Instant.now().minus(Duration.ofDays(20)))
                .notAfter(Instant.now().minus(Duration.ofDays(10))));
    }

    private static CertificateBuilder builder(String subject) {
        return new CertificateBuilder().ecp256().subject(subject);
    }

    private Issued issue(CertificateBuilder builder) {
        try {
            X509Bundle bundle = builder.buildIssuedBy(authority);
            String name = "issued" + number.incrementAndGet();
            return new Issued(
                    write(name + ".crt", bundle.getCertificatePEM()),
                    write(name + ".key", bundle.getPrivateKeyPEM()),
                    bundle);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes a file as a whole, as those do who replace certificates with care. */
    public static void replace(Path target, Path source) {
        try {
            Path beside = target.resolveSibling(target.getFileName() + ".new");
            Files.copy(source, beside, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    /** For a peer in this JVM that trusts this authority, and shows {@code own} if it is not null. */
    public SSLContext context(@Nullable Issued own) {
        return context(roots, own);
    }

    /** The same with this version of TLS at most. */
    public SSLContext context(@Nullable Issued own, String version) {
        return context(roots, own, version);
    }

    /** For a peer that trusts the certificates in a file; null: none at all. */
    public static SSLContext context(Path roots, @Nullable Issued own) {
        return context(roots, own, "TLS");
    }

    private static SSLContext context(Path roots, @Nullable Issued own, String version) {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, PASSWORD);
            trusted.setCertificateEntry(
                    "root",
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(
                                    Files.readString(roots).getBytes(StandardCharsets.US_ASCII))));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            KeyStore mine = KeyStore.getInstance("PKCS12");
            mine.load(null, PASSWORD);
            if (own != null) {
                mine.setKeyEntry(
                        "own", own.bundle.getKeyPair().getPrivate(), PASSWORD, own.bundle.getCertificatePath());
            }
            keys.init(mine, PASSWORD);
            SSLContext context = SSLContext.getInstance(version);
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
