package io.pgweir.proxy.session;

import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.pool.Pool;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why one client keeps its backend.
 *
 * <pre>
 *   free --reserve--> reserved --set(kinds)--> pinned --set(others)--> pinned
 *                        \--set(none)--> free <--set(none)--'
 * </pre>
 */
final class Pins {
    private static final Logger LOG = LoggerFactory.getLogger(Pins.class);

    private final ClientSession session;
    private final Pool pool;
    private final Set<StateKind> kinds = EnumSet.noneOf(StateKind.class);
    private boolean reserved;
    private String cause = "";

    Pins(ClientSession session) {
        this.session = session;
        this.pool = session.pool();
    }

    /** Takes one of the places that max_pinned allows, if this client has none; false if all are taken. */
    boolean reserve() {
        reserved = reserved || pool.pinned().enter();
        return reserved;
    }

    boolean isPinned() {
        return !kinds.isEmpty();
    }

    Set<StateKind> kinds() {
        return kinds;
    }

    /** Whether the loss of the backend takes from the client what it must not go on without. */
    boolean isBound() {
        return kinds.size() > (kinds.contains(StateKind.SEQUENCE) ? 1 : 0);
    }

    /**
     * These are the reasons from now on; {@code newCause} is the statement they came to light after. A place must have been
     * reserved, unless there are none.
     */
    void set(Set<StateKind> now, String newCause) {
        if (now.equals(kinds)) {
            if (now.isEmpty()) {
                free();
            }
            return;
        }
        for (StateKind kind : StateKind.values()) {
            if (now.contains(kind) && kinds.add(kind)) {
                cause = newCause;
                began(kind);
            } else if (!now.contains(kind) && kinds.remove(kind)) {
                pool.pinned().remove(kind);
            }
        }
        if (kinds.isEmpty()) {
            free();
        }
    }

    private void began(StateKind kind) {
        if (pool.pinned().add(kind)) {
            LOG.info(
                    "pool {}: client {} keeps its backend for {}, after {}; it is the first of this pool, others are counted"
                            + " in pgweir_pinned_clients",
                    pool.key(),
                    session.channel().remoteAddress(),
                    kind.description(),
                    cause);
        } else {
            LOG.debug(
                    "pool {}: client {} keeps its backend for {}, after {}",
                    pool.key(),
                    session.channel().remoteAddress(),
                    kind.description(),
                    cause);
        }
    }

    private void free() {
        if (reserved) {
            reserved = false;
            pool.pinned().leave();
        }
    }

    /** The backend is gone, or the state is. */
    void clear() {
        if (isPinned()) {
            set(Set.of(), "");
        }
        free();
    }

    /** What {@link #describe} says and the statement it came to light after last; empty: nothing. */
    String because() {
        return kinds.isEmpty() ? "" : describe() + " (after " + cause + ")";
    }

    String describe() {
        return kinds.stream().map(StateKind::description).collect(Collectors.joining(", "));
    }
}
