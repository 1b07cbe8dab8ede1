package io.pgweir.proxy.settings;

/** How TLS to a server begins, as libpq's {@code sslnegotiation} has it. */
public enum SslNegotiation {
    /** The server is asked by SSLRequest whether it has TLS. */
    POSTGRES,
    /** The TLS handshake comes first, which saves a round trip and takes PostgreSQL 17 or newer. */
    DIRECT
}
