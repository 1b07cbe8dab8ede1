package io.pgweir.proxy.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the certificates of peers as the JDK does, and says in plain words why one is not accepted. Roots must be
 * within their time too, as with OpenSSL; the JDK would not look.
 */
final class CertificateCheck extends X509ExtendedTrustManager {
    /** A certificate may be for hundreds of names. */
    private static final int MOST_NAMES = 5;

    private final X509ExtendedTrustManager jdk;
    private final String roots;
    private final CertificatePath path;

    private CertificateCheck(X509ExtendedTrustManager jdk, String roots) {
        this.jdk = jdk;
        this.roots = roots;
        this.path = new CertificatePath(jdk.getAcceptedIssuers());
    }

    /** Against the roots in a file. */
    static CertificateCheck against(TlsFile file) throws TlsFault {
        List<X509Certificate> roots = Pem.certificates(file);
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < roots.size(); i++) {
                store.setCertificateEntry("root" + i, roots.get(i));
            }
            return new CertificateCheck(manager(store), file.label());
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new TlsFault(file.label() + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** Against the roots that the Java runtime trusts. */
    static CertificateCheck againstSystem() throws TlsFault {
        try {
            return new CertificateCheck(manager(null), "the Java runtime");
        } catch (GeneralSecurityException e) {
            throw new TlsFault("sslrootcert=system: the Java runtime's roots cannot be read: " + e.getMessage(), e);
        }
    }

    private static X509ExtendedTrustManager manager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("no X.509 trust manager");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkTime(path.of(chain));
        try {
            jdk.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw leadsToRoot(chain, authType) ? wrongHost(chain[0], engine.getPeerHost(), e) : unknown(chain[0], e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkTime(path.of(chain));
        try {
            jdk.checkClientTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw unknown(chain[0], e);
        }
    }

    private static void checkTime(List<X509Certificate> path) throws UntrustedCertificate {
        for (X509Certificate one : path) {
            try {
                one.checkValidity();
            } catch (CertificateExpiredException e) {
                throw new UntrustedCertificate(
                        "has expired: " + name(one) + " was valid until "
                                + one.getNotAfter().toInstant() + ". Renew it",
                        e);
            } catch (CertificateNotYetValidException e) {
                throw new UntrustedCertificate(
                        "is not valid yet: " + name(one) + " is from "
                                + one.getNotBefore().toInstant() + " on. Check the clocks of both machines",
                        e);
            }
        }
    }

    /** The same without the host. */
    private boolean leadsToRoot(X509Certificate[] chain, String authType) {
        try {
            jdk.checkServerTrusted(chain, authType);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    private static UntrustedCertificate wrongHost(X509Certificate certificate, String host, Exception cause) {
        return new UntrustedCertificate(
                "is for " + names(certificate) + " and not for \"" + host
                        + "\". Connect by a name it is for, or use sslmode=verify-ca",
                cause);
    }

    private UntrustedCertificate unknown(X509Certificate certificate, CertificateException cause) {
        return new UntrustedCertificate(
                "is not signed by a root of " + roots + ": " + name(certificate) + ", issued by "
                        + short64(certificate.getIssuerX500Principal().getName())
                        + ". Is that the right file?",
                cause);
    }

    private static String names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> one : alternatives) {
                    if (one.get(1) instanceof String name) {
                        names.add('"' + short64(name) + '"');
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // the subject's name then
        }
        if (names.isEmpty()) {
            return name(certificate);
        }
        int more = names.size() - MOST_NAMES;
        return String.join(", ", names.subList(0, Math.min(MOST_NAMES, names.size())))
                + (more > 0 ? " and " + more + " more" : "");
    }

    private static String name(X509Certificate certificate) {
        return short64(certificate.getSubjectX500Principal().getName());
    }

    /** Whoever made the certificate chose it: nothing but plain characters, and not too many. */
    private static String short64(String text) {
        String plain = text.replaceAll("[^\\p{L}\\p{N} .,:=*@_+/()-]", "?");
        return plain.length() <= 64 ? plain : plain.substring(0, 64) + "...";
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        jdk.checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        jdk.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        jdk.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        jdk.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return jdk.getAcceptedIssuers();
    }
}
