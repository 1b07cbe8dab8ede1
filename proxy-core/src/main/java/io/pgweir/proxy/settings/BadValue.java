package io.pgweir.proxy.settings;

/** A text that is no value of its setting; the message is a sentence for people and never holds a secret. */
public final class BadValue extends Exception {
    private static final long serialVersionUID = 1L;

    BadValue(String message) {
        super(message, null, false, false);
    }
}
