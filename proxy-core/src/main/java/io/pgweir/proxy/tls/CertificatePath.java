package io.pgweir.proxy.tls;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** What of a peer's chain leads to a root, for the question whether it is within its time. Thread-safe. */
final class CertificatePath {
    private final Map<X500Principal, List<X509Certificate>> roots = new HashMap<>();

    CertificatePath(X509Certificate[] roots) {
        for (X509Certificate root : roots) {
            this.roots
                    .computeIfAbsent(root.getSubjectX500Principal(), missing -> new ArrayList<>())
                    .add(root);
        }
    }

    /**
     * The peer's certificate, those between it and a root, and that root. Others that the peer may have sent, an old root
     * signed by yet another say, are left out. Without the root if there is none. Nothing but dates may be judged by it: no
     * signature between the peer's own certificates is verified.
     */
    List<X509Certificate> of(X509Certificate[] chain) {
        List<X509Certificate> path = new ArrayList<>();
        Set<X509Certificate> seen = new HashSet<>();
        X509Certificate next = chain[0];
        while (next != null && seen.add(next)) {
            X509Certificate last = next;
            X509Certificate same = inTime(roots.getOrDefault(last.getSubjectX500Principal(), List.of()).stream()
                    .filter(root -> root.getPublicKey().equals(last.getPublicKey()))
                    .toList());
            if (same != null) {
                path.add(same);
                return path;
            }
            path.add(last);
            X509Certificate root = inTime(roots.getOrDefault(last.getIssuerX500Principal(), List.of()).stream()
                    .filter(candidate -> hasSigned(candidate, last))
                    .toList());
            if (root != null) {
                path.add(root);
                return path;
            }
            next = inTime(java.util.Arrays.stream(chain)
                    .filter(other -> other.getSubjectX500Principal().equals(last.getIssuerX500Principal()))
                    .filter(other -> !seen.contains(other))
                    .toList());
        }
        return path;
    }

    /** One that is within its time, else any; null if there is none. */
    private static @Nullable X509Certificate inTime(List<X509Certificate> candidates) {
        X509Certificate any = null;
        for (X509Certificate one : candidates) {
            try {
                one.checkValidity();
                return one;
            } catch (GeneralSecurityException outOfTime) {
                any = one;
            }
        }
        return any;
    }

    private static boolean hasSigned(X509Certificate issuer, X509Certificate certificate) {
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
