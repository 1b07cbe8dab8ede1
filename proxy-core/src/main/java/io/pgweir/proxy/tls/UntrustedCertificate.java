package io.pgweir.proxy.tls;

import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** A peer's certificate that is not accepted. The message says why in words that stand behind "its certificate". */
final class UntrustedCertificate extends CertificateException {
    UntrustedCertificate(String message, Throwable cause) {
        super(message, cause);
    }

    /** The one that a failed handshake is due to, or null. */
    static @Nullable UntrustedCertificate in(Throwable failure) {
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 20; cause = cause.getCause(), depth++) {
            if (cause instanceof UntrustedCertificate untrusted) {
                return untrusted;
            }
        }
        return null;
    }
}
