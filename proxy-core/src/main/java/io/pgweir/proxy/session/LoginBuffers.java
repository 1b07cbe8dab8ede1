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
    private final long most;
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    /** Only those that hold something. */
    private final Map<Network, Long> networks = new ConcurrentHashMap<>();

    /** @param most bytes */
    LoginBuffers(long most) {
        this.most = Math.max(1, most);
    }

    /** Of one connection in one place. It becomes too much with what comes, not while nothing changes. */
    BufferShare share(Network network) {
        return new BufferShare() {
            @Override
            boolean change(int bytes) {
                if (bytes == 0) {
                    return false;
                }
                long own = ofNetwork(network, bytes);
                return held.addAndGet(bytes) > most || own > most / 2;
            }
        };
    }

    private long ofNetwork(Network network, int change) {
        Long own = networks.compute(network, (key, before) -> {
            long sum = (before == null ? 0 : before) + change;
            return sum == 0 ? null : sum;
        });
        return own == null ? 0 : own;
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
