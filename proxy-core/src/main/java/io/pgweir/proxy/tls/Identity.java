package io.pgweir.proxy.tls;

import io.pgweir.proxy.settings.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A certificate of our own with its key.
 *
 * @param chain the certificate, and those between it and the root
 */
record Identity(PrivateKey key, List<X509Certificate> chain) {
    /** From two PEM files, which may be the same. */
    static Identity ofPem(TlsFile certificate, TlsFile key, @Nullable Secret password) throws TlsFault {
        Identity identity = new Identity(new PrivateKeyFile(key, password).read(), Pem.certificates(certificate));
        if (!identity.fits()) {
            throw new TlsFault(certificate.label() + " and " + key.label()
                    + " do not belong together: the first certificate must be that of the key");
        }
        return identity;
    }

    /** From a PKCS #12 file. */
    static Identity ofPkcs12(TlsFile file, @Nullable Secret password) throws TlsFault {
        char[] opening = password == null ? new char[0] : password.reveal().toCharArray();
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(file.bytes()), opening);
            for (String alias : Collections.list(store.aliases())) {
                Certificate[] chain = store.getCertificateChain(alias);
                if (store.getKey(alias, opening) instanceof PrivateKey key && chain != null) {
                    return new Identity(
                            key,
                            List.of(chain).stream()
                                    .map(X509Certificate.class::cast)
                                    .toList());
                }
            }
            throw new TlsFault(file.label() + " holds no certificate with a private key");
        } catch (IOException | GeneralSecurityException e) {
            throw new TlsFault(
                    file.label() + " cannot be opened: is it PKCS #12, and sslpassword its password? (" + e.getMessage()
                            + ")",
                    e);
        }
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    /** Whether what the key signs the certificate verifies. */
    private boolean fits() throws TlsFault {
        PublicKey theirs = certificate().getPublicKey();
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        try {
            byte[] text = {1, 2, 3};
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(text);
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(theirs);
            verifying.update(text);
            return verifying.verify(signing.sign());
        } catch (InvalidKeyException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new TlsFault(
                    "a private key of the kind " + key.getAlgorithm() + " cannot be used: " + e.getMessage(), e);
        }
    }
}
