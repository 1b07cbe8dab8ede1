package io.pgweir.proxy.tls;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;

/** Which dates of a chain count. */
class CertificateCheckTest {
    private static CertificateBuilder builder(String subject) {
        return new CertificateBuilder().ecp256().subject(subject);
    }

    private static CertificateBuilder expired(String subject) {
        return builder(subject)
                .notBefore(Instant.now().minus(Duration.ofDays(20)))
                .notAfter(Instant.now().minus(Duration.ofDays(10)));
    }

    private static void check(String roots, X509Certificate... chain) throws Exception {
        CertificateCheck.against(new TlsFile("tls_ca", Path.of("ca.pem"), roots.getBytes(StandardCharsets.US_ASCII)))
                .checkClientTrusted(chain, "EC", (SSLEngine) null);
    }

    @Test
    void aRootThatHasExpiredIsOfNoUse() throws Exception {
        X509Bundle old = expired("CN=root").setIsCertificateAuthority(true).buildSelfSigned();
        X509Certificate leaf = builder("CN=leaf").buildIssuedBy(old).getCertificate();
        assertThatThrownBy(() -> check(old.getCertificatePEM(), leaf)).hasMessageContaining("has expired: CN=root");
        assertThatThrownBy(() -> check(old.getCertificatePEM(), leaf, old.getCertificate()))
                .hasMessageContaining("has expired: CN=root");
        // Renewed with the same key, it may stand behind the old one.
        X509Bundle renewed = builder("CN=root")
                .setIsCertificateAuthority(true)
                .publicKey(old.getKeyPair().getPublic())
                .buildIssuedBy(old);
        assertThatCode(() -> check(old.getCertificatePEM() + renewed.getCertificatePEM(), leaf))
                .doesNotThrowAnyException();
    }

    @Test
    void whatIsBehindTheRootDoesNotCount() throws Exception {
        X509Bundle root = builder("CN=root").setIsCertificateAuthority(true).buildSelfSigned();
        X509Bundle between =
                builder("CN=between").setIsCertificateAuthority(true).buildIssuedBy(root);
        X509Certificate leaf = builder("CN=leaf").buildIssuedBy(between).getCertificate();
        X509Bundle older = expired("CN=older").setIsCertificateAuthority(true).buildSelfSigned();
        X509Certificate crossSigned = expired("CN=root")
                .setIsCertificateAuthority(true)
                .publicKey(root.getKeyPair().getPublic())
                .buildIssuedBy(older)
                .getCertificate();
        assertThatCode(() -> check(root.getCertificatePEM(), leaf, between.getCertificate(), crossSigned))
                .doesNotThrowAnyException();
        X509Certificate late = expired("CN=late").buildIssuedBy(between).getCertificate();
        assertThatThrownBy(() -> check(root.getCertificatePEM(), late, between.getCertificate()))
                .hasMessageContaining("has expired: CN=late");
        X509Bundle lateBetween =
                expired("CN=between").setIsCertificateAuthority(true).buildIssuedBy(root);
        X509Certificate under = builder("CN=leaf").buildIssuedBy(lateBetween).getCertificate();
        assertThatThrownBy(() -> check(root.getCertificatePEM(), under, lateBetween.getCertificate()))
                .hasMessageContaining("has expired: CN=between");
    }
}
