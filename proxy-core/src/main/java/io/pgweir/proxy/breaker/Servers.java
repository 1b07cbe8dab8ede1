package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.settings.HostPort;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The servers of one database, in the order in which they are to be used. Thread-safe. */
public final class Servers {
    /** An array, because looking through it allocates nothing. */
    private final Breaker[] inOrder;

    private final RetryBudget retries = new RetryBudget(System::nanoTime);

    Servers(List<Breaker> inOrder) {
        this.inOrder = inOrder.toArray(Breaker[]::new);
    }

    /** Where connections are to be opened: the first that is not down; null if all are. */
    public @Nullable Breaker next() {
        for (Breaker server : inOrder) {
            if (!server.isDown()) {
                return server;
            }
        }
        return null;
    }

    /** The breaker of one of these addresses. */
    public Breaker at(HostPort address) {
        for (Breaker server : inOrder) {
            if (server.server().equals(address)) {
                return server;
            }
        }
        throw new IllegalArgumentException(address + " is none of these");
    }

    /** Whether every one of them works, as far as is known. */
    public boolean areUp() {
        for (Breaker server : inOrder) {
            if (server.isDown()) {
                return false;
            }
        }
        return true;
    }

    /** What is wrong, if all are down; of the first, unless waiting for another may help. */
    public @Nullable Outage outage() {
        Outage found = null;
        for (Breaker server : inOrder) {
            Outage outage = server.outage();
            if (outage == null) {
                return null;
            }
            if (found == null
                    || (!found.cause().passesByWaiting() && outage.cause().passesByWaiting())) {
                found = outage;
            }
        }
        return found;
    }

    /** The last failed connect that no success has followed, of any of them, or null. */
    public @Nullable BackendFailure failure() {
        for (Breaker server : inOrder) {
            BackendFailure failure = server.failure();
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** How long to wait before one of them may be used again. */
    public long nanosToChange() {
        return Arrays.stream(inOrder).mapToLong(Breaker::nanosToChange).min().orElseThrow();
    }

    /** Of the server that connections are opened to, or of the first. */
    public BreakerState state() {
        Breaker next = next();
        return (next == null ? inOrder[0] : next).state();
    }

    /** What the statements of this database may be repeated from. */
    public RetryBudget retries() {
        return retries;
    }

    /** One that is down, and that nobody probes; or null. */
    public @Nullable Breaker unattended() {
        for (Breaker server : inOrder) {
            if (server.isUnattended()) {
                return server;
            }
        }
        return null;
    }

    public void listen(BreakerListener listener) {
        for (Breaker server : inOrder) {
            server.listen(listener);
        }
    }

    public void unlisten(BreakerListener listener) {
        for (Breaker server : inOrder) {
            server.unlisten(listener);
        }
    }
}
