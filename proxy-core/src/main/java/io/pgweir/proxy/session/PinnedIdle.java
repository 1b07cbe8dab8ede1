package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Deadlines;
import java.util.function.LongSupplier;

/** The pause of a client that keeps its backend, against pinned_idle_timeout. */
final class PinnedIdle extends Deadlines.Deadline {
    private final Deadlines deadlines;
    private final LongSupplier nanos;
    private final Runnable exceeded;

    /** @param nanos what counts at the moment; 0: never */
    PinnedIdle(Deadlines deadlines, LongSupplier nanos, Runnable exceeded) {
        this.deadlines = deadlines;
        this.nanos = nanos;
        this.exceeded = exceeded;
    }

    /** The client has the turn. */
    void begins() {
        long longest = nanos.getAsLong();
        if (longest > 0) {
            deadlines.arm(this, longest);
        }
    }

    @Override
    protected void expired() {
        exceeded.run();
    }
}
