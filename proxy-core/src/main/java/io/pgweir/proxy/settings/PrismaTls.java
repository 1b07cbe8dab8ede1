package io.pgweir.proxy.settings;

import org.jspecify.annotations.Nullable;

/**
 * What Prisma's own parameters of a database URL mean in libpq's words. Prisma's {@code sslcert} is a certificate to trust,
 * which is libpq's {@code sslrootcert}; {@code sslidentity} is the client's certificate with its key, as PKCS #12; and {@code
 * sslaccept} says whether the server's certificate is verified.
 */
final class PrismaTls {
    private final String where;
    private final Layer pool;
    private final Problems problems;

    /** @param pool the pool settings that the URL's other parameters give */
    PrismaTls(String where, Layer pool, Problems problems) {
        this.where = where;
        this.pool = pool;
        this.problems = problems;
    }

    void apply(@Nullable String accept, @Nullable String identity) {
        if (accept != null || identity != null) {
            certificate();
        }
        if (identity != null) {
            identity(identity);
        }
        if (accept != null) {
            switch (accept) {
                case "strict" -> strict();
                case "accept_invalid_certs" -> acceptInvalid();
                default ->
                    problems.add(
                            where + "?sslaccept",
                            "'" + Suggestions.quoted(accept) + "' is unknown: write strict or accept_invalid_certs");
            }
        }
    }

    /** Without a key it is no certificate of our own, so Prisma's meaning it is. */
    private void certificate() {
        Layer.Given certificate = pool.get(TlsSettings.SSLCERT);
        if (certificate == null || pool.has(TlsSettings.SSLKEY)) {
            return;
        }
        pool.values().remove(TlsSettings.SSLCERT);
        if (!pool.has(TlsSettings.SSLROOTCERT)) {
            pool.put(TlsSettings.SSLROOTCERT, (String) certificate.value(), certificate.where(), problems);
        }
        problems.note(
                certificate.where(), "taken as Prisma means it: a certificate to trust, which libpq calls sslrootcert");
    }

    private void identity(String file) {
        String place = where + "?sslidentity";
        if (pool.has(TlsSettings.SSLCERT)) {
            problems.add(place, "sslidentity contradicts sslcert and sslkey: keep one of them");
        } else if (!isPkcs12(file)) {
            problems.add(place, "sslidentity is a PKCS #12 file, whose name ends in .p12 or .pfx");
        } else {
            pool.put(TlsSettings.SSLCERT, file, place, problems);
        }
    }

    static boolean isPkcs12(String file) {
        return file.endsWith(".p12") || file.endsWith(".pfx");
    }

    private void strict() {
        String place = where + "?sslaccept";
        Layer.Given mode = pool.get(TlsSettings.SSLMODE);
        if (mode != null && (mode.value() == SslMode.DISABLE || mode.value() == SslMode.NO_VERIFY)) {
            problems.add(place, "strict contradicts sslmode=" + ((SslMode) mode.value()).text() + ": keep one of them");
            return;
        }
        pool.put(TlsSettings.SSLMODE, SslMode.VERIFY_FULL.text(), place, problems);
        if (!pool.has(TlsSettings.SSLROOTCERT)) {
            pool.put(TlsSettings.SSLROOTCERT, TlsSettings.SYSTEM, place, problems);
        }
        problems.note(place, "strict means sslmode=verify-full here: never without TLS");
    }

    private void acceptInvalid() {
        String place = where + "?sslaccept";
        Layer.Given mode = pool.get(TlsSettings.SSLMODE);
        if (mode != null && (mode.value() == SslMode.VERIFY_CA || mode.value() == SslMode.VERIFY_FULL)) {
            problems.add(
                    place,
                    "accept_invalid_certs contradicts sslmode=" + ((SslMode) mode.value()).text()
                            + ": keep one of them");
            return;
        }
        if (mode != null && mode.value() == SslMode.REQUIRE) {
            pool.put(TlsSettings.SSLMODE, SslMode.NO_VERIFY.text(), place, problems);
        }
        if (pool.values().remove(TlsSettings.SSLROOTCERT) != null) {
            problems.note(place, "the certificate to trust has no effect, because all are accepted");
        }
    }
}
