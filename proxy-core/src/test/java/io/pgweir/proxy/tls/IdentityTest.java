package io.pgweir.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import io.pgweir.proxy.settings.Secret;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The forms that keys come in, and what is wrong with those that are of no use. */
class IdentityTest {
    private static X509Bundle selfSigned(Algorithm algorithm) throws Exception {
        return new CertificateBuilder()
                .algorithm(algorithm)
                .subject("CN=x")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private static TlsFile file(String setting, String text) {
        return new TlsFile(setting, Path.of("/etc/x.pem"), text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + type
                + "-----\n";
    }

    @ParameterizedTest
    @CsvSource({
        "ecp256, SHA-256",
        "ecp384, SHA-384",
        "rsa2048, SHA-256",
    })
    void keysAreReadAndCertificatesHashedAsTheyAreSigned(Algorithm algorithm, String hash) throws Exception {
        X509Bundle bundle = selfSigned(algorithm);
        Identity identity = Identity.ofPem(
                file("tls_cert", "A text in front of it.\n" + bundle.getCertificatePEM()),
                file("tls_key", bundle.getPrivateKeyPEM()),
                null);
        assertThat(identity.key()).isEqualTo(bundle.getKeyPair().getPrivate());
        assertThat(EndPointHash.of(identity.certificate()))
                .isEqualTo(MessageDigest.getInstance(hash)
                        .digest(bundle.getCertificate().getEncoded()));
    }

    @Test
    void aSignatureWithoutAHashBindsNothing() throws Exception {
        assertThat(EndPointHash.of(selfSigned(Algorithm.ed25519).getCertificate()))
                .isNull();
    }

    @Test
    void theOldFormOfRsaKeysIsRead() throws Exception {
        X509Bundle bundle = selfSigned(Algorithm.rsa2048);
        byte[] pkcs8 = bundle.getKeyPair().getPrivate().getEncoded();
        byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length); // behind version, algorithm and two headers
        Identity identity = Identity.ofPem(
                file("tls_cert", bundle.getCertificatePEM()), file("tls_key", pem("RSA PRIVATE KEY", pkcs1)), null);
        assertThat(identity.key()).isEqualTo(bundle.getKeyPair().getPrivate());
    }

    /** As {@code openssl pkcs8 -topk8 -v2 aes-256-cbc} writes it. */
    @Test
    void anEncryptedKeyTakesItsPassword() throws Exception {
        String pem = """
                -----BEGIN ENCRYPTED PRIVATE KEY-----
                MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgOlQOJqOxVYwICCAAw
                DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKyNG7yGBHWIr47GOMge8i8EgZD9
                E7i4LVH3crGL9sgDDhaPfEtnpv1308u0VY2GI2eL1DMb5PYQJ+6nyBEQyOgDFIH1
                IxRPT07PqqI/gAKZ7/UpUSU0jubWr3iPGDG/TH8KQ1gIScnVMOnqDVYQWCBmDXfJ
                WHlUCRrlxdrLwPFthH9vORygfi3Us/yTchTMKrMt1HPTE9rCniwmX+xIs9H14S0=
                -----END ENCRYPTED PRIVATE KEY-----
                """;
        TlsFile key = file("sslkey", pem);
        assertThat(new PrivateKeyFile(key, new Secret("sesame")).read().getAlgorithm())
                .isEqualTo("EC");
        assertThatThrownBy(() -> new PrivateKeyFile(key, new Secret("sesamo")).read())
                .hasMessageContaining("is sslpassword its password?")
                .hasMessageNotContaining("sesamo");
        assertThatThrownBy(() -> new PrivateKeyFile(key, null).read()).hasMessageContaining("give its password");
        assertThatThrownBy(() -> new PrivateKeyFile(file("tls_key", pem), null).read())
                .hasMessageContaining("write it without a password");
    }

    @Test
    void whatIsWrongIsSaidOfTheFile() throws Exception {
        X509Bundle one = selfSigned(Algorithm.ecp256);
        X509Bundle other = selfSigned(Algorithm.ecp256);
        X509Bundle rsa = selfSigned(Algorithm.rsa2048);
        TlsFile certificate = file("tls_cert", one.getCertificatePEM());
        for (X509Bundle wrong : Arrays.asList(other, rsa)) {
            assertThatThrownBy(() -> Identity.ofPem(certificate, file("tls_key", wrong.getPrivateKeyPEM()), null))
                    .hasMessage("tls_cert '/etc/x.pem' and tls_key '/etc/x.pem' do not belong together: the first"
                            + " certificate must be that of the key");
        }
        assertThatThrownBy(() -> Identity.ofPem(certificate, file("tls_key", "x"), null))
                .hasMessageContaining("tls_key '/etc/x.pem' holds nothing in PEM form");
        assertThatThrownBy(() -> Identity.ofPem(certificate, certificate, null))
                .hasMessageContaining("holds no private key");
        TlsFile key = file("tls_key", one.getPrivateKeyPEM());
        assertThatThrownBy(() -> Identity.ofPem(key, key, null)).hasMessageContaining("holds no certificate");
        String old = pem("RSA PRIVATE KEY", new byte[64])
                .replaceFirst("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\n");
        assertThatThrownBy(() -> Identity.ofPem(certificate, file("tls_key", old), null))
                .hasMessageContaining("encrypted in an old way");
        for (int cut = 1; cut < 20; cut++) {
            byte[] torso = Arrays.copyOf(one.getKeyPair().getPrivate().getEncoded(), cut);
            for (String type :
                    new String[] {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}) {
                assertThatThrownBy(() -> Identity.ofPem(certificate, file("sslkey", pem(type, torso)), new Secret("x")))
                        .isInstanceOf(TlsFault.class);
            }
        }
    }
}
