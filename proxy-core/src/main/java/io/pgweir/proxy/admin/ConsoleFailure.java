package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.ErrorFields;

/**
 * A statement that the console does not take, or a question that has failed; the message is for people. Without a stack trace:
 * clients cause it at will.
 */
public final class ConsoleFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient ErrorFields error;

    ConsoleFailure(ErrorFields error) {
        super(error.message(), null, false, false);
        this.error = error;
    }

    ErrorFields error() {
        return error;
    }
}
