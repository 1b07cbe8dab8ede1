package io.pgweir.proxy.settings;

import java.time.Duration;

/**
 * What a pool does about state of sessions that cannot be replayed on another backend.
 *
 * @param onUnsafeState what happens to statements that make such state
 * @param maxPinned most clients that keep their backends for it; at least 1
 * @param pinnedIdleTimeout longest pause of such a client; zero: off
 * @param check when backends are asked for state nobody has announced
 * @param samplePercent how many of the statements that call functions of the user's are followed by a check, 0 to 100
 * @param sequences which clients keep their backends for the sake of currval and lastval
 */
public record StatePolicy(
        UnsafeState onUnsafeState,
        int maxPinned,
        Duration pinnedIdleTimeout,
        StateCheck check,
        int samplePercent,
        SequenceState sequences) {}
