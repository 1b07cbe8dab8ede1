package io.pgweir.proxy.session;

/** What a message of pgweir's own is to the client; named as in the protocol. */
enum Severity {
    NOTICE,
    WARNING,
    ERROR,
    FATAL
}
