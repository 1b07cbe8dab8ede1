package io.pgweir.proxy.auth;

/** The database could not be asked for a password. */
public final class LookupFailed extends Exception {
    private static final long serialVersionUID = 1;

    private final String details;

    /**
     * @param message for strangers: no addresses, no words of the server's
     * @param details for the log
     */
    LookupFailed(String message, String details) {
        super(message, null, false, false);
        this.details = details;
    }

    String details() {
        return details;
    }
}
