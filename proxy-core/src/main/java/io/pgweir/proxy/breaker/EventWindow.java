package io.pgweir.proxy.breaker;

import java.util.Arrays;

/** How many events of a sliding window were failures, to a tenth of its length. Not thread-safe. */
final class EventWindow {
    private static final int SLOTS = 10;

    private final long slotNanos;
    private final int[] all = new int[SLOTS];
    private final int[] failed = new int[SLOTS];
    private int newest;
    /** When the newest slot began; times are only ever subtracted, as the clock may wrap around. */
    private long newestAt;

    EventWindow(long nanos, long now) {
        slotNanos = Math.max(1, nanos / SLOTS);
        newestAt = now;
    }

    void add(boolean failure, long now) {
        advance(now);
        all[newest]++;
        failed[newest] += failure ? 1 : 0;
    }

    int events(long now) {
        advance(now);
        return Arrays.stream(all).sum();
    }

    int failures(long now) {
        advance(now);
        return Arrays.stream(failed).sum();
    }

    void clear() {
        Arrays.fill(all, 0);
        Arrays.fill(failed, 0);
    }

    private void advance(long now) {
        long steps = (now - newestAt) / slotNanos;
        for (long i = Math.min(SLOTS, steps); i > 0; i--) {
            newest = (newest + 1) % SLOTS;
            all[newest] = 0;
            failed[newest] = 0;
        }
        newestAt += Math.max(0, steps) * slotNanos;
    }
}
