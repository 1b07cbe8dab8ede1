package io.pgweir.proxy.tls;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a server's certificate that a SCRAM login is bound to: tls-server-end-point, RFC 5929 section 4.1. It is made
 * with the hash of the certificate's own signature, or SHA-256 where that is MD5 or SHA-1.
 */
public final class EndPointHash {
    private EndPointHash() {}

    /** Null where the signature has no hash of its own (Ed25519): then there is no binding. */
    public static byte @Nullable [] of(X509Certificate certificate) {
        try {
            String hash = hash(certificate);
            return hash == null ? null : MessageDigest.getInstance(hash).digest(certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            return null;
        }
    }

    private static @Nullable String hash(X509Certificate certificate) throws GeneralSecurityException {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (signature.equals("RSASSA-PSS")) {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            try {
                parameters.init(certificate.getSigAlgParams());
            } catch (java.io.IOException e) {
                return null;
            }
            return strong(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
        }
        int with = signature.indexOf("WITH");
        return with < 0 ? null : strong(signature.substring(0, with));
    }

    private static String strong(String hash) {
        String plain = hash.toUpperCase(Locale.ROOT).replace("-", "");
        return switch (plain) {
            case "MD5", "SHA1", "SHA" -> "SHA-256";
            case "SHA224" -> "SHA-224";
            case "SHA256" -> "SHA-256";
            case "SHA384" -> "SHA-384";
            case "SHA512" -> "SHA-512";
            default -> hash;
        };
    }
}
