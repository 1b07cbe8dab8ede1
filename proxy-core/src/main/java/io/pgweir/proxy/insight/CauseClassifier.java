package io.pgweir.proxy.insight;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the cause by fixed rules; the first that holds wins. */
final class CauseClassifier {
    private static final double MOST = 0.5;
    private static final long STUCK_NANOS = 250_000_000;
    private static final long SLOW_NANOS = 250_000_000;

    private CauseClassifier() {}

    static Cause classify(Situation now) {
        HoldTimes.Window window = now.window();
        Situation.Refusal refusal = now.refusal();
        if (isSelfDeadlock(now)) {
            return Cause.SELF_DEADLOCK;
        }
        if (refusal != null && now.established() < now.limit()) {
            return refusal.answered() ? Cause.BACKEND_REFUSING : Cause.BACKEND_UNREACHABLE;
        }
        if (window.part(HoldState.CONNECTING) >= MOST && now.waitedNanos() >= STUCK_NANOS) {
            return Cause.SLOW_CONNECTS;
        }
        if (window.part(HoldState.IDLE_IN_TRANSACTION) >= MOST) {
            return Cause.IDLE_IN_TRANSACTION;
        }
        if (window.part(HoldState.ACTIVE) >= MOST) {
            Cause slow = slowStatements(window, slowFrom(now.waitedNanos()));
            if (slow != null) {
                return slow;
            }
        }
        if (window.part(HoldState.SLOW_CLIENT) >= MOST) {
            return Cause.SLOW_CLIENT;
        }
        if (window.part(HoldState.HELD) >= MOST) {
            return Cause.HELD_BY_SESSIONS;
        }
        if (window.part(HoldState.RESETTING) >= MOST) {
            return Cause.CLEANING_UP;
        }
        boolean full = now.busy() >= now.limit();
        boolean allShort = window.ended() > 0 && window.totalNanos() / window.ended() < 2 * slowFrom(now.waitedNanos());
        return full && allShort ? Cause.UNDERSIZED : Cause.UNKNOWN;
    }

    /** Nobody who holds a backend can go on by itself: each has the turn, and asks for another backend instead. */
    private static boolean isSelfDeadlock(Situation now) {
        long stuck = Math.max(STUCK_NANOS, now.waitedNanos() / 2);
        return now.holders().size() >= now.limit()
                && now.holders().stream()
                        .allMatch(holder -> holder.state() == HoldState.IDLE_IN_TRANSACTION
                                && now.now() - holder.since() >= stuck
                                && now.waitingProcesses().contains(holder.process()));
    }

    /** Seen in the middle of it, a statement is on average half as old as it gets. */
    private static long slowFrom(long waitedNanos) {
        return waitedNanos == 0 ? SLOW_NANOS : Math.min(SLOW_NANOS, waitedNanos / 4);
    }

    private static @Nullable Cause slowStatements(HoldTimes.Window window, long slowFrom) {
        Map<Long, Long> byStatement = new HashMap<>();
        long slow = 0;
        List<Share> shares = window.shares();
        for (Share share : shares) {
            if (share.state() == HoldState.ACTIVE && share.meanAgeNanos() >= slowFrom) {
                slow += share.nanos();
                byStatement.merge(share.fingerprint(), share.nanos(), Long::sum);
            }
        }
        long half = (long) (window.totalNanos() * MOST);
        if (byStatement.values().stream().anyMatch(nanos -> nanos >= half)) {
            return Cause.SLOW_STATEMENT;
        }
        return slow >= half ? Cause.SLOW_STATEMENTS : null;
    }
}
