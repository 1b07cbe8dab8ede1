package io.pgweir.demo;

/** The demo cannot start or go on. The message is one sentence for the person at the terminal, with a next step. */
final class DemoFailure extends Exception {

    private static final long serialVersionUID = 1;

    DemoFailure(String message) {
        super(message);
    }

    DemoFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
