package io.pgweir.proxy.testkit;

/** There is no PostgreSQL in a container to be had; the message says what is in the way. */
final class NoContainer extends Exception {

    private static final long serialVersionUID = 1;

    NoContainer(String why) {
        super(why);
    }

    NoContainer(String why, Throwable cause) {
        super(why, cause);
    }
}
