package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Deadlines;

/** The pause of a client that keeps its backend, against pinned_idle_timeout. */
final class PinnedIdle extends Deadlines.Deadline {
    private final Deadlines deadlines;
    private final long nanos;
    private final Runnable exceeded;

    /** @param nanos 0: never */
    PinnedIdle(Deadlines deadlines, long nanos, Runnable exceeded) {
        this.deadlines = deadlines;
        this.nanos = nanos;
        this.exceeded = exceeded;
    }

    /** The client has the turn. */
    void begins() {
        if (nanos > 0) {
            deadlines.arm(this, nanos);
        }
    }

    @Override
    protected void expired() {
        exceeded.run();
    }
}
