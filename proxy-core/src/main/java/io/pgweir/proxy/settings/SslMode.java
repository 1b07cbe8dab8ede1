package io.pgweir.proxy.settings;

/** TLS to the backend, with libpq's names and meaning. */
public enum SslMode {
    DISABLE,
    ALLOW,
    PREFER,
    REQUIRE,
    VERIFY_CA,
    VERIFY_FULL;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
