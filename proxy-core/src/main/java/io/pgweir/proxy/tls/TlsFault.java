package io.pgweir.proxy.tls;

/** A certificate, a key or a combination of them is of no use. The message says which file, why, and what to do. */
public final class TlsFault extends Exception {
    TlsFault(String message) {
        super(message);
    }

    TlsFault(String message, Throwable cause) {
        super(message, cause);
    }

    /** What is wrong, for people. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
