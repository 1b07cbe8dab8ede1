package io.pgweir.proxy.settings;

/** Whether a login to a server is bound to its certificate (SCRAM-SHA-256-PLUS), as libpq's {@code channel_binding} has it. */
public enum ChannelBinding {
    /** Never. */
    DISABLE,
    /** If there is TLS and the server offers it. */
    PREFER,
    /** A login that is not bound is given up. */
    REQUIRE
}
