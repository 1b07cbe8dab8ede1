package io.pgweir.proxy.insight;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pool at the moment when somebody has waited in vain.
 *
 * @param now {@link System#nanoTime}
 * @param waitedNanos how long
 * @param limit connection_limit
 * @param busy backends in use, being opened or closed
 * @param established backends that are open
 * @param waiting clients still waiting
 * @param window what was seen while it waited
 * @param holders who has the backends now
 * @param waitingProcesses the processes of those who wait, and of who has waited
 * @param refusal the last failed connect that no success has followed
 */
public record Situation(
        long now,
        long waitedNanos,
        int limit,
        int busy,
        int established,
        int waiting,
        HoldTimes.Window window,
        List<Holder> holders,
        Set<String> waitingProcesses,
        @Nullable Refusal refusal) {
    /**
     * A failed connect.
     *
     * @param answered the server itself said no
     * @param message why, without secrets
     */
    public record Refusal(boolean answered, String message) {}
}
