package io.pgweir.proxy.session;

import io.pgweir.proxy.net.Network;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that are held of what connections send ahead of their logins: of all together, and of each network, which has half of it.
 * Apart from the {@link BufferBudget} of those who have logged in, who do not depend on what strangers send. Thread-safe.
 */
public final class LoginBuffers {
    /** What a single connection holds below this is not counted; a login takes less. */
    private static final int SMALL = 4 << 10;

    private final long most;
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    /** Only those that hold something. */
    private final Map<Network, Long> networks = new ConcurrentHashMap<>();

    /** @param most bytes */
    LoginBuffers(long most) {
        this.most = Math.max(1, most);
    }

    /** What one connection holds in one place. One thread at a time. */
    final class Share {
        private final Network network;
        private int counted;

        private Share(Network network) {
            this.network = network;
        }

        /** The connection holds so many bytes there now. Returns whether they are counted, and it all is too much. */
        boolean isScarceWith(int bytes) {
            int now = bytes <= SMALL ? 0 : bytes;
            int change = now - counted;
            counted = now;
            if (change != 0) {
                long own = ofNetwork(change);
                long all = held.addAndGet(change);
                return now > 0 && (all > most || own > most / 2);
            }
            return false;
        }

        private long ofNetwork(int change) {
            Long own = networks.compute(network, (key, before) -> {
                long sum = (before == null ? 0 : before) + change;
                return sum == 0 ? null : sum;
            });
            return own == null ? 0 : own;
        }

        /** The connection holds nothing there any more. */
        void giveBack() {
            isScarceWith(0);
        }
    }

    Share share(Network network) {
        return new Share(network);
    }

    /** A connection has been closed for want of room. */
    void refuse() {
        refused.incrementAndGet();
    }

    /** The most that is held. */
    long most() {
        return most;
    }

    /** Bytes that are held now. */
    public long held() {
        return held.get();
    }

    /** How many connections have been closed for want of room. */
    public long refused() {
        return refused.get();
    }

    /** Networks that hold something. */
    int networks() {
        return networks.size();
    }
}
