package io.pgweir.proxy.auth;

import io.pgweir.proxy.auth.LookupFailed.Meaning;
import io.pgweir.proxy.net.Network;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Look-ups of names of which nothing is known, two at a time, because anybody may invent names: users of whom something is known
 * wait for no more than those. Networks take turns, so that who comes from another waits for one of each. Bounded. Thread-safe.
 */
final class StrangerQueue {
    /** There is one connection: the second is sent as soon as the first is answered. */
    static final int MOST_UNDER_WAY = 2;

    static final int MOST_WAITING = 1_000;
    static final int MOST_OF_NETWORK = MOST_WAITING / 2;

    /** One of them; one of the two is called, once. */
    abstract static class Request {
        /** Where it waits, and whether it has waited: guarded by the queue. */
        private final Set<Network> networks = new HashSet<>();

        private boolean over;

        abstract void begin();

        abstract void refuse(LookupFailed why);
    }

    /** By network, the one whose turn is next first; none of them is empty. */
    private final LinkedHashMap<Network, LinkedHashSet<Request>> waiting = new LinkedHashMap<>();

    private int size;
    private int underWay;

    /**
     * It begins now or later; where there is no room for it, the network that takes most of it makes some. One that waits already
     * may be added again: whoever asks from another network does not wait behind what the first has asked.
     *
     * @param from where it was asked
     * @return false if it has no place for want of room, and whoever has asked this time is to be told {@link #full}
     */
    boolean add(Network from, Request request) {
        Request pushedOut = null;
        boolean now;
        synchronized (this) {
            if (request.over || request.networks.contains(from)) {
                return true;
            }
            now = underWay < MOST_UNDER_WAY;
            if (now) {
                underWay++;
                request.over = true;
            } else if (hasRoomFor(from)) {
                request.networks.add(from);
                waiting.computeIfAbsent(from, first -> new LinkedHashSet<>()).add(request);
                size++;
                pushedOut = size > MOST_WAITING ? pushOut(largest()) : null;
            } else {
                return !request.networks.isEmpty();
            }
        }
        if (now) {
            request.begin();
        } else if (pushedOut != null) {
            pushedOut.refuse(full());
        }
        return true;
    }

    /** One more than others have is not enough of a reason to push one of theirs out. */
    private boolean hasRoomFor(Network network) {
        int own = count(network);
        return own < MOST_OF_NETWORK && (size < MOST_WAITING || count(largest()) > own + 1);
    }

    /** Neither waits nor has begun: nothing will come of it. */
    synchronized boolean isNowhere(Request request) {
        return !request.over && request.networks.isEmpty();
    }

    static LookupFailed full() {
        return new LookupFailed(
                Meaning.NOT_ASKED,
                "too many logins of users whom pgweir does not know yet wait for an answer",
                "names of which nothing is known wait already: " + MOST_OF_NETWORK + " of this address or "
                        + MOST_WAITING + " in all");
    }

    private int count(Network network) {
        LinkedHashSet<Request> own = waiting.get(network);
        return own == null ? 0 : own.size();
    }

    private Network largest() {
        return Collections.max(waiting.keySet(), Comparator.comparingInt(this::count));
    }

    /** The last that this network has asked; it is refused if it waits nowhere else. */
    private @Nullable Request pushOut(Network network) {
        Request last = null;
        for (Request each : waiting.getOrDefault(network, new LinkedHashSet<>())) {
            last = each;
        }
        if (last == null) {
            return null;
        }
        leave(last, network);
        last.networks.remove(network);
        last.over = last.networks.isEmpty();
        return last.over ? last : null;
    }

    private void leave(Request request, Network network) {
        waiting.computeIfPresent(network, (key, own) -> own.remove(request) && own.isEmpty() ? null : own);
        size--;
    }

    private @Nullable Request poll() {
        if (waiting.isEmpty()) {
            return null;
        }
        Map.Entry<Network, LinkedHashSet<Request>> turn =
                waiting.entrySet().iterator().next();
        waiting.remove(turn.getKey());
        waiting.put(turn.getKey(), turn.getValue());
        Request next = turn.getValue().iterator().next();
        take(next);
        return next;
    }

    /** Out of the queues that it is in. */
    private void take(Request request) {
        request.over = true;
        request.networks.forEach(network -> leave(request, network));
        request.networks.clear();
    }

    /**
     * One of those that have begun has its answer.
     *
     * @param failure null: none. Of an outage those who wait are told, too.
     */
    void ended(@Nullable Throwable failure) {
        LookupFailed outage = failure == null ? null : LookupFailed.of(failure);
        Set<Request> vain = new LinkedHashSet<>();
        Request next;
        synchronized (this) {
            if (outage != null && outage.meaning() == Meaning.AWAY) {
                waiting.values().forEach(vain::addAll);
                vain.forEach(this::take);
            }
            next = poll();
            underWay -= next == null ? 1 : 0;
        }
        if (outage != null) {
            vain.forEach(each -> each.refuse(outage));
        }
        if (next != null) {
            next.begin();
        }
    }
}
