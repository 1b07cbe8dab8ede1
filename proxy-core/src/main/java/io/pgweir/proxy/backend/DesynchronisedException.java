package io.pgweir.proxy.backend;

/** What PostgreSQL sent does not fit what it owes. The connection is closed; nothing of it reaches another client. */
final class DesynchronisedException extends RuntimeException {
    DesynchronisedException(String message) {
        super(message, null, false, false);
    }
}
