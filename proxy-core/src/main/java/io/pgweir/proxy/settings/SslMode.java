package io.pgweir.proxy.settings;

/** TLS to a server, with libpq's names and meaning (PostgreSQL manual, "SSL Support"), from no protection to the best. */
public enum SslMode {
    /** Never TLS. */
    DISABLE,
    /** TLS only if the server refuses a login without it. */
    ALLOW,
    /** TLS if the server has it; if that fails, without. */
    PREFER,
    /** TLS, and nothing is verified, whatever roots there are: what other drivers call so. */
    NO_VERIFY,
    /** TLS; the server's certificate is verified if there are roots to do so. */
    REQUIRE,
    /** TLS; the certificate must lead to a trusted root. */
    VERIFY_CA,
    /** TLS; in addition the certificate must be for the host that is connected to. */
    VERIFY_FULL;

    /** Whether a connection without TLS is out of the question. */
    public boolean needsTls() {
        return compareTo(NO_VERIFY) >= 0;
    }

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
