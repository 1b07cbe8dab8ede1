package io.pgweir.proxy.settings;

/** TLS to clients, as PgBouncer's {@code client_tls_sslmode} has it. */
public enum ClientTlsMode {
    /** Clients that ask for TLS are told that there is none. */
    DISABLE,
    /** TLS for clients that ask for it. */
    ALLOW,
    /** The same: which one it is, the client decides. */
    PREFER,
    /** No login without TLS. */
    REQUIRE,
    /** No login without TLS and a certificate of the client's that leads to {@code tls_ca}. */
    VERIFY_CA,
    /** The same. */
    VERIFY_FULL;

    /** Whether there is TLS at all. */
    public boolean isOn() {
        return this != DISABLE;
    }

    /** Whether nobody logs in without it. */
    public boolean isRequired() {
        return compareTo(REQUIRE) >= 0;
    }

    /** Whether clients need certificates of their own. */
    public boolean verifiesClients() {
        return compareTo(VERIFY_CA) >= 0;
    }

    /** The value as people write it. */
    public String text() {
        return Choices.text(this);
    }
}
