package io.pgweir.proxy.session;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many clients the heap has room for: with more than that, the process would end for want of memory, and all of them with
 * it, where one more login can be refused.
 */
final class HeapRoom {
    /** What a client takes while it idles, and something for what it does; see docs/performance.md. */
    private static final long CLIENT_BYTES = 4_500;

    /** For everything else. */
    private static final long OWN_BYTES = 12L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(HeapRoom.class);

    private HeapRoom() {}

    /** {@code max_clients}, or what there is room for if that is less, which is logged. */
    static int mostClients(int maxClients) {
        return mostClients(maxClients, Runtime.getRuntime().maxMemory());
    }

    /** @param heapBytes the most that the heap may grow to */
    static int mostClients(int maxClients, long heapBytes) {
        long room = clients(heapBytes - OWN_BYTES);
        if (room >= maxClients) {
            return maxClients;
        }
        LOG.warn(
                "max_clients is {}, and a heap of {} MiB has room for {}: so many are admitted. Raise the heap (-Xmx), or lower"
                        + " max_clients",
                maxClients,
                heapBytes >> 20,
                room);
        return (int) room;
    }

    /** How many clients have room in so many bytes; at least one. */
    static int clients(long bytes) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, bytes / CLIENT_BYTES));
    }
}
