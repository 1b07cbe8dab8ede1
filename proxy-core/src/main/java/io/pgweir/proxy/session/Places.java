package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import java.util.concurrent.atomic.AtomicInteger;

/** How many may be connected at one time. Thread-safe. */
final class Places {
    private volatile int limit;
    private final LoginError whenFull;
    private final AtomicInteger taken = new AtomicInteger();

    /** @param whenFull its one argument is the limit */
    Places(int limit, LoginError whenFull) {
        this.limit = limit;
        this.whenFull = whenFull;
    }

    /** So many from now on; who has entered stays. */
    void limit(int most) {
        limit = most;
    }

    /** The most of them. */
    int limit() {
        return limit;
    }

    /** False if all places are taken; else whoever has entered leaves. */
    boolean enter() {
        if (taken.incrementAndGet() > limit) {
            taken.decrementAndGet();
            return false;
        }
        return true;
    }

    void leave() {
        taken.decrementAndGet();
    }

    ErrorFields refusal() {
        return whenFull.with(limit);
    }
}
