package io.pgweir.proxy.settings;

import java.time.Duration;

/**
 * What a pool does about state of sessions that cannot be replayed on another backend.
 *
 * @param onUnsafeState what happens to statements that make such state
 * @param mostPinned most clients that keep their backends for it; 0: all backends of the pool but one
 * @param pinnedIdleTimeout longest pause of such a client; zero: off
 * @param check when backends are asked for state nobody has announced
 * @param samplePercent how many of the statements that call functions of the user's are followed by a check, 0 to 100
 * @param sequences which clients keep their backends for the sake of currval and lastval
 */
public record StatePolicy(
        UnsafeState onUnsafeState,
        int mostPinned,
        Duration pinnedIdleTimeout,
        StateCheck check,
        int samplePercent,
        SequenceState sequences) {
    /** Most clients that keep their backends for it, in a pool with this connection_limit; at least 1. */
    public int mostPinned(int connectionLimit) {
        return mostPinned == 0 ? Math.max(1, connectionLimit - 1) : mostPinned;
    }
}
