package io.pgweir.proxy.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The blocks of a PEM file (RFC 7468), in their order; what stands between them is ignored.
 *
 * @param type what stands behind BEGIN
 * @param der the contents
 */
record Pem(String type, byte[] der) {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final Set<String> CERTIFICATE = Set.of("CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE");

    static List<Pem> blocks(TlsFile file) throws TlsFault {
        List<Pem> blocks = new ArrayList<>();
        Matcher match = BLOCK.matcher(new String(file.bytes(), StandardCharsets.US_ASCII));
        while (match.find()) {
            try {
                // A key encrypted in the old way has headers in front of its base64 text.
                String text = match.group(2).replaceAll("(?m)^[A-Za-z0-9-]+:.*$", "");
                blocks.add(new Pem(match.group(1), Base64.getMimeDecoder().decode(text)));
            } catch (IllegalArgumentException e) {
                throw new TlsFault(file.label() + " is damaged: its text is not base64", e);
            }
        }
        if (blocks.isEmpty()) {
            throw new TlsFault(file.label() + " holds nothing in PEM form: it should begin with -----BEGIN");
        }
        return blocks;
    }

    /** All certificates of a file; at least one. */
    static List<X509Certificate> certificates(TlsFile file) throws TlsFault {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Pem block : blocks(file)) {
            if (CERTIFICATE.contains(block.type)) {
                certificates.add(certificate(file, block.der));
            }
        }
        if (certificates.isEmpty()) {
            throw new TlsFault(file.label() + " holds no certificate");
        }
        return certificates;
    }

    private static X509Certificate certificate(TlsFile file, byte[] der) throws TlsFault {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (CertificateException e) {
            throw new TlsFault(file.label() + " holds a certificate that cannot be read: " + e.getMessage(), e);
        }
    }
}
