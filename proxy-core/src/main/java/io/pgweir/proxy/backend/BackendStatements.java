package io.pgweir.proxy.backend;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which shared statements one backend has prepared, least recently used first.
 *
 * <p>A statement counts from the moment its Parse is on the way, but only within its unit: PostgreSQL skips the rest of a
 * unit that fails, and whoever sends the next unit cannot know yet. Until the reply has come, a later unit takes such a
 * statement for unknown. Closing a statement that does not exist is no error, so it is closed and prepared again.
 */
final class BackendStatements {
    /** One statement that PostgreSQL has, or will have, or may have. */
    private static final class State {
        /** After everything that has been answered, PostgreSQL has it. */
        private boolean onServer;
        /** After everything that has been sent, PostgreSQL has it. */
        private boolean wanted;
        /** Its plan there is not to be used. */
        private boolean stale;

        private int unanswered;
        private int unansweredCloses;
        private long unit;
    }

    /** The Parse of one statement, and the Close in front of it if there may be one of its name. */
    final class Preparation implements StatementChange {
        private final PreparedStatement statement;
        private final State state;
        private final boolean closesFirst;
        private final boolean wasStale;
        private boolean closed;

        private Preparation(PreparedStatement statement, State state, boolean closesFirst, boolean wasStale) {
            this.statement = statement;
            this.state = state;
            this.closesFirst = closesFirst;
            this.wasStale = wasStale;
        }

        boolean closesFirst() {
            return closesFirst;
        }

        /** For the reply to that Close. */
        StatementChange closing() {
            return new StatementChange() {
                @Override
                public void completed() {
                    closed = true;
                }

                @Override
                public void takenBack() {}
            };
        }

        @Override
        public void completed() {
            state.onServer = true;
            answered(statement, state);
        }

        @Override
        public void takenBack() {
            if (closed) {
                state.onServer = false;
            } else {
                state.stale |= wasStale;
            }
            answered(statement, state);
        }
    }

    private final int limit;
    private final Map<PreparedStatement, State> states = new LinkedHashMap<>(16, 0.75f, true);
    private int wanted;

    /** @param limit most statements kept, at least 1; more only as long as the outcome of some is open */
    BackendStatements(int limit) {
        this.limit = limit;
    }

    /** True if a message of this unit may use it; counts as a use. */
    boolean use(PreparedStatement statement, long unit) {
        State state = states.get(statement);
        return state != null
                && state.wanted
                && (state.unanswered == 0 || state.unit == unit || (state.onServer && state.unansweredCloses == 0));
    }

    /** The statement to close before this one is prepared, or null while there is room. */
    @Nullable
    PreparedStatement toEvictFor(PreparedStatement newcomer) {
        State own = states.get(newcomer);
        boolean counted = own != null && own.wanted;
        if (wanted + (counted ? 0 : 1) > limit) {
            for (Map.Entry<PreparedStatement, State> eldest : states.entrySet()) {
                if (eldest.getValue().wanted && eldest.getKey() != newcomer) {
                    return eldest.getKey();
                }
            }
        }
        return null;
    }

    /** It is about to be prepared in this unit. */
    Preparation preparing(PreparedStatement statement, long unit) {
        boolean mayExist = states.containsKey(statement);
        State state = sent(statement, unit, true);
        Preparation preparation = new Preparation(statement, state, mayExist, state.stale);
        state.stale = false;
        return preparation;
    }

    /** It is about to be closed in this unit, for want of room. */
    StatementChange evicting(PreparedStatement statement, long unit) {
        State state = sent(statement, unit, false);
        state.unansweredCloses++;
        return new StatementChange() {
            @Override
            public void completed() {
                state.onServer = false;
                takenBack();
            }

            @Override
            public void takenBack() {
                state.unansweredCloses--;
                answered(statement, state);
            }
        };
    }

    private State sent(PreparedStatement statement, long unit, boolean there) {
        State state = states.computeIfAbsent(statement, added -> new State());
        state.unanswered++;
        state.unit = unit;
        want(state, there);
        return state;
    }

    private void answered(PreparedStatement statement, State state) {
        state.unanswered--;
        settle(statement, state);
    }

    private void settle(PreparedStatement statement, State state) {
        if (state.unanswered > 0) {
            return;
        }
        want(state, state.onServer && !state.stale);
        if (!state.onServer) {
            states.remove(statement, state);
        }
    }

    private void want(State state, boolean there) {
        if (state.wanted != there) {
            state.wanted = there;
            wanted += there ? 1 : -1;
        }
    }

    /** Its plan there is stale: to be closed before it is prepared again. */
    void markStale(PreparedStatement statement) {
        State state = states.get(statement);
        if (state != null) {
            state.stale = true;
            want(state, false);
        }
    }

    /** PostgreSQL does not have it. */
    void remove(PreparedStatement statement) {
        State state = states.get(statement);
        if (state != null) {
            state.onServer = false;
            want(state, false);
            settle(statement, state);
        }
    }

    /** PostgreSQL has none any more, but for those that have been sent since. */
    void clear() {
        Map<PreparedStatement, State> all = Map.copyOf(states);
        all.forEach((statement, state) -> {
            state.onServer = false;
            state.stale = false;
            settle(statement, state);
        });
    }

    /** Statements that PostgreSQL has after everything that has been sent. */
    int size() {
        return wanted;
    }
}
