package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.settings.PoolMode;
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
    UNTIL_RELEASED,
    /** The server may be of no use any more, and the backend is about to be given back. */
    UNTIL_LEFT;

    /** Why a message may not be sent to the client's backend now, whatever it says; as a rule {@link #NO}. */
    static Held inFront(BackendConnection backend, ClientSession session, byte type, boolean unitOpen) {
        if (backend.cancelsInFlight() > 0) {
            return UNTIL_CANCELED;
        }
        int owed = backend.ledger().size();
        if (owed >= FrontendRelay.MOST_OWED) {
            return BY_BOUND;
        }
        return owed > 0 && !unitOpen && begins(type) && leaves(backend, session) ? UNTIL_LEFT : NO;
    }

    private static boolean begins(byte type) {
        return type == FrontendType.QUERY || type == FrontendType.PARSE || type == FrontendType.BIND;
    }

    private static boolean leaves(BackendConnection backend, ClientSession session) {
        return !session.pool().servers().mayServe(backend.host())
                && session.mode() != PoolMode.SESSION
                && backend.status() == TransactionStatus.IDLE
                && !session.lease().state().isBound();
    }

    /**
     * Whether the reason is gone.
     *
     * @param backend what the client has now
     * @param kept whether it was not given back although that was tried just now
     */
    boolean isOver(@Nullable BackendConnection backend, boolean kept) {
        if (backend == null) {
            return this != NO;
        }
        return switch (this) {
            case NO, UNTIL_RELEASED -> false;
            case BY_BOUND -> backend.ledger().size() < FrontendRelay.MOST_OWED / 2;
            case UNTIL_LEFT -> kept && backend.ledger().isEmpty();
            case UNTIL_CANCELED -> backend.cancelsInFlight() == 0;
            case UNTIL_ANSWERED -> backend.ledger().isEmpty();
        };
    }
}
