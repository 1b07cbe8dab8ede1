package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.settings.ClientBounds;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Connections that have not proved who they are: how many there may be, in all and from one address. Only addresses with such connections are in the table, so it is
 * bounded as they are. Thread-safe.
 */
public final class Newcomers {
    /** More than that is of use only to whoever opens connections faster than they can log in. */
    static final int MOST = 4000;

    /** So many of those that are turned away at one time are told why; they linger until they have read it. */
    private static final int MOST_TOLD = 64;

    private final int most;
    private final int mostOfNetwork;
    private final ErrorFields tooMany;
    private final ErrorFields tooManyOfNetwork;
    private final AtomicInteger present = new AtomicInteger();
    private final Map<Network, Integer> networks = new ConcurrentHashMap<>();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong refusedOfNetwork = new AtomicLong();

    Newcomers(ClientBounds bounds) {
        this(bounds, Runtime.getRuntime().maxMemory());
    }

    /** @param heapBytes the most that the heap may grow to */
    Newcomers(ClientBounds bounds, long heapBytes) {
        most = bounds.maxUnauthenticated() == 0
                ? Math.min(MOST, HeapRoom.clients(heapBytes / 4))
                : bounds.maxUnauthenticated();
        mostOfNetwork = bounds.maxUnauthenticatedPerAddress() == 0
                ? Math.max(1, most / 2)
                : bounds.maxUnauthenticatedPerAddress();
        tooMany = LoginError.TOO_MANY_UNAUTHENTICATED.with(most);
        tooManyOfNetwork = LoginError.TOO_MANY_UNAUTHENTICATED_FROM_ADDRESS.with(mostOfNetwork);
    }

    /** One connection, until it has proved who it is or is closed. On its loop. */
    final class Newcomer {
        private final Network network;
        private final @Nullable ErrorFields refusal;
        private boolean here;

        private Newcomer(Network network, @Nullable ErrorFields refusal) {
            this.network = network;
            this.refusal = refusal;
            this.here = refusal == null;
        }

        /** Why it may not log in; null: it may. */
        @Nullable
        ErrorFields refusal() {
            return refusal;
        }

        /** It counts no more; again is the same. */
        void leave() {
            if (here) {
                here = false;
                left(network);
            }
        }
    }

    /** A connection has come; unless it is refused it has to leave. */
    Newcomer arrive(@Nullable SocketAddress address) {
        Network network = Network.of(address);
        if (networks.merge(network, 1, Integer::sum) > mostOfNetwork) {
            forget(network);
            refusedOfNetwork.incrementAndGet();
            return new Newcomer(network, tooManyOfNetwork);
        }
        if (present.incrementAndGet() > most) {
            left(network);
            refused.incrementAndGet();
            return new Newcomer(network, tooMany);
        }
        return new Newcomer(network, null);
    }

    private void left(Network network) {
        present.decrementAndGet();
        forget(network);
    }

    private void forget(Network network) {
        networks.computeIfPresent(network, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Whether one more of those that are turned away may linger to be told why; then {@link #hasBeenTold} is due. */
    boolean mayTell() {
        if (told.incrementAndGet() > MOST_TOLD) {
            told.decrementAndGet();
            return false;
        }
        return true;
    }

    void hasBeenTold() {
        told.decrementAndGet();
    }

    /** Connections that have not proved who they are. */
    public int present() {
        return present.get();
    }

    /** How many have been turned away because there were too many in all. */
    public long refused() {
        return refused.get();
    }

    /** How many have been turned away because there were too many from their address. */
    public long refusedOfAddress() {
        return refusedOfNetwork.get();
    }

    /** Addresses in the table. */
    int networks() {
        return networks.size();
    }
}
