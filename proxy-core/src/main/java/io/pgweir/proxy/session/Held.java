package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import org.jspecify.annotations.Nullable;

/** Why a message of the client's waits although there is a backend. */
enum Held {
    NO,
    /** Too many replies are outstanding. */
    BY_BOUND,
    /** A cancel request is on its way, and must not meet what the client sends next. */
    UNTIL_CANCELED,
    /** What this message means depends on replies that are outstanding. */
    UNTIL_ANSWERED,
    /** This message may only be judged once the backend has been given back. */
    UNTIL_RELEASED;

    /** Whether the reason is gone, given the backend that the client has now. */
    boolean isOver(@Nullable BackendConnection backend) {
        if (backend == null) {
            return this != NO;
        }
        return switch (this) {
            case NO, UNTIL_RELEASED -> false;
            case BY_BOUND -> backend.ledger().size() < FrontendRelay.MOST_OWED / 2;
            case UNTIL_CANCELED -> backend.cancelsInFlight() == 0;
            case UNTIL_ANSWERED -> backend.ledger().isEmpty();
        };
    }
}
