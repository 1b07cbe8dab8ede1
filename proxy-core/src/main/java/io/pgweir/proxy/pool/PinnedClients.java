package io.pgweir.proxy.pool;

import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.SequenceState;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The clients of one pool that keep their backends for state that no other backend has: at most a limit. A place is taken
 * before the statement that may make the state is sent, and given back when it turns out to have made none. Thread-safe.
 */
public final class PinnedClients {
    private volatile int limit;
    private final AtomicInteger places = new AtomicInteger();
    private final AtomicIntegerArray byKind = new AtomicIntegerArray(StateKind.values().length);
    private final AtomicIntegerArray seen = new AtomicIntegerArray(StateKind.values().length);
    private volatile boolean sequencesRead;

    PinnedClients(PoolSettings settings) {
        rules(settings);
    }

    public int limit() {
        return limit;
    }

    /** Others from now on; who has a place keeps it. */
    final void rules(PoolSettings settings) {
        limit = settings.state().mostPinned(settings.connectionLimit());
        if (settings.state().sequences() == SequenceState.KEEP) {
            sequencesRead();
        }
    }

    /** Takes a place; false if there is none. */
    public boolean enter() {
        int before = places.get();
        while (before < limit) {
            if (places.compareAndSet(before, before + 1)) {
                return true;
            }
            before = places.get();
        }
        return false;
    }

    /** Gives a place back. */
    public void leave() {
        places.decrementAndGet();
    }

    /**
     * A client keeps its backend for this reason, among others perhaps.
     *
     * @return true if it is the first of this pool that does
     */
    public boolean add(StateKind kind) {
        byKind.incrementAndGet(kind.ordinal());
        return seen.compareAndSet(kind.ordinal(), 0, 1);
    }

    public void remove(StateKind kind) {
        byKind.decrementAndGet(kind.ordinal());
    }

    /** Clients that keep their backends for this reason. */
    public int count(StateKind kind) {
        return byKind.get(kind.ordinal());
    }

    /** Places taken, those of clients whose state is not known yet included. */
    public int count() {
        return places.get();
    }

    /** A client has asked for currval or lastval: from now on backends are made ready for that. */
    public final void sequencesRead() {
        sequencesRead = true;
    }

    /** Whether any client of this pool has ever asked for currval or lastval. */
    public boolean areSequencesRead() {
        return sequencesRead;
    }
}
