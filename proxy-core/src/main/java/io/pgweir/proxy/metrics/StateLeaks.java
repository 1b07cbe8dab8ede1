package io.pgweir.proxy.metrics;

import java.util.Locale;

/** State that the check at release has found and no statement had announced, by what was done about it. */
public final class StateLeaks {
    /** What was done. */
    public enum Action {
        /** Taken over as the client's own. */
        ADOPTED,
        /** The client keeps its backend. */
        PINNED,
        /** Discarded, and the backend used on. */
        CLEANED,
        /** The backend was closed. */
        RETIRED;

        /** As labels of metrics have it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Counter[] counters = new Counter[StateKind.values().length * Action.values().length];

    StateLeaks() {
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new Counter();
        }
    }

    public Counter of(StateKind kind, Action action) {
        return counters[kind.ordinal() * Action.values().length + action.ordinal()];
    }
}
