package io.pgweir.proxy.breaker;

import java.util.Locale;

/** Where a {@link Breaker} stands. */
public enum BreakerState {
    /** Connections are opened as they are needed. */
    CLOSED,
    /** None is opened. */
    OPEN,
    /** One is being opened, to find out. */
    HALF_OPEN,
    /** A growing share of each limit may be opened. */
    RAMP;

    /** As it stands in metrics and health. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean mayFollow(BreakerState from) {
        return switch (this) {
            case CLOSED -> from == RAMP;
            case OPEN -> from != OPEN;
            case HALF_OPEN -> from == OPEN;
            case RAMP -> from == OPEN || from == HALF_OPEN;
        };
    }
}
