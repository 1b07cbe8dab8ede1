package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendFailure;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** It could not be found out what a database has for a user. */
public final class LookupFailed extends Exception {
    private static final long serialVersionUID = 1;

    /** What that says of an earlier answer. */
    enum Meaning {
        /** Nothing: the database cannot be asked now. The earlier answer serves. */
        AWAY,
        /** The database has answered, with something that lets nobody in. The earlier answer counts no more. */
        REFUSED,
        /** It has not been asked. The earlier answer does not serve, and is not forgotten. */
        NOT_ASKED;

        /** Without a connection. */
        static Meaning of(BackendFailure.Kind kind) {
            return switch (kind) {
                case UNREACHABLE, TIMED_OUT, TEMPORARY, OWN_LIMIT, UNFIT, LOST -> AWAY;
                case REFUSED, BAD_SETTINGS, UNPROTECTED, DESYNCHRONISED -> REFUSED;
            };
        }

        /** Of an error of the query's: the server is out of something, stops, or is too slow; else it says no. */
        static Meaning ofError(@Nullable String sqlState) {
            return sqlState != null && (sqlState.startsWith("53") || sqlState.startsWith("57")) ? AWAY : REFUSED;
        }
    }

    private final Meaning meaning;
    private final String details;

    /**
     * @param message for strangers: no addresses, no words of the server's
     * @param details for the log
     */
    LookupFailed(Meaning meaning, String message, String details) {
        super(message, null, false, false);
        this.meaning = meaning;
        this.details = details;
    }

    /** What a look-up has failed with. What nobody has foreseen lets nobody in. */
    static LookupFailed of(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof LookupFailed known
                ? known
                : new LookupFailed(Meaning.REFUSED, "internal error", String.valueOf(cause));
    }

    Meaning meaning() {
        return meaning;
    }

    String details() {
        return details;
    }
}
