package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Waiters in the order they came. Guarded by the pool's lock, but for {@link #size}. */
final class WaitQueue {
    private @Nullable Waiter first;
    private @Nullable Waiter last;
    /** Changed with the lock; read by anyone. */
    private volatile int size;

    /** Any thread. */
    int size() {
        return size;
    }

    /** The one who has waited longest, or null. */
    @Nullable
    Waiter first() {
        return first;
    }

    /** The processes of those who wait, the first {@code most} of them looked at. */
    Set<String> processes(int most) {
        Set<String> found = new HashSet<>();
        int left = most;
        for (Waiter waiter = first; waiter != null && left-- > 0; waiter = waiter.next) {
            found.add(waiter.process());
        }
        return found;
    }

    void add(Waiter waiter) {
        waiter.queued = true;
        waiter.connectUnderWay = false;
        waiter.previous = last;
        waiter.next = null;
        if (last == null) {
            first = waiter;
        } else {
            last.next = waiter;
        }
        last = waiter;
        size = size + 1;
    }

    /** Back to the head: what it had been given was lost. */
    void addFirst(Waiter waiter) {
        waiter.queued = true;
        waiter.connectUnderWay = false;
        waiter.previous = null;
        waiter.next = first;
        if (first == null) {
            last = waiter;
        } else {
            first.previous = waiter;
        }
        first = waiter;
        size = size + 1;
    }

    /** Returns false if it is not queued (any more): somebody else has decided. */
    boolean remove(Waiter waiter) {
        if (!waiter.queued) {
            return false;
        }
        waiter.queued = false;
        if (waiter.previous == null) {
            first = waiter.next;
        } else {
            waiter.previous.next = waiter.next;
        }
        if (waiter.next == null) {
            last = waiter.previous;
        } else {
            waiter.next.previous = waiter.previous;
        }
        waiter.previous = waiter.next = null;
        size = size - 1;
        return true;
    }

    @Nullable
    Waiter poll() {
        Waiter waiter = first;
        if (waiter != null) {
            remove(waiter);
        }
        return waiter;
    }

    /** Takes out the first that can use {@code backend}; as a rule that is the first of all. */
    @Nullable
    Waiter pollFor(BackendConnection backend, boolean shuffle) {
        for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
            if (waiter.accepts(backend, shuffle)) {
                remove(waiter);
                return waiter;
            }
        }
        return null;
    }

    /** The first for whom no connect is under way, now marked as such. */
    @Nullable
    Waiter nextToConnectFor() {
        for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
            if (!waiter.connectUnderWay) {
                waiter.connectUnderWay = true;
                return waiter;
            }
        }
        return null;
    }

    /** A waiter, taken out, and the backend that it can use. */
    record Match(BackendConnection backend, Waiter waiter) {}

    /** The first that can use one of {@code idle}, in their order; null if nobody can. */
    @Nullable
    Match match(Iterable<BackendConnection> idle, boolean shuffle) {
        for (BackendConnection backend : idle) {
            Waiter waiter = pollFor(backend, shuffle);
            if (waiter != null) {
                return new Match(backend, waiter);
            }
        }
        return null;
    }
}
