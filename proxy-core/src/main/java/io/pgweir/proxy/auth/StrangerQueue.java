package io.pgweir.proxy.auth;

import io.pgweir.proxy.auth.LookupFailed.Meaning;
import io.pgweir.proxy.net.Network;
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

    private enum Turn {
        NOW,
        LATER,
        NEVER
    }

    /** By network, the one whose turn is next first; none of them is empty. */
    private final LinkedHashMap<Network, LinkedHashSet<Request>> waiting = new LinkedHashMap<>();

    private int size;
    private int underWay;

    /**
     * It begins now or later, or is refused. One that waits already may be added again: whoever asks from another network does not
     * wait behind what the first has asked.
     *
     * @param from where it was asked
     */
    void add(Network from, Request request) {
        switch (place(from, request)) {
            case NOW -> request.begin();
            case LATER -> {}
            case NEVER ->
                request.refuse(new LookupFailed(
                        Meaning.NOT_ASKED,
                        "too many logins of users whom pgweir does not know yet wait for an answer",
                        "names of which nothing is known wait already: " + MOST_OF_NETWORK + " of this address or "
                                + MOST_WAITING + " in all"));
        }
    }

    private synchronized Turn place(Network from, Request request) {
        if (request.over) {
            return Turn.LATER;
        }
        if (underWay < MOST_UNDER_WAY) {
            underWay++;
            request.over = true;
            return Turn.NOW;
        }
        LinkedHashSet<Request> own = waiting.get(from);
        if (size == MOST_WAITING || (own != null && own.size() == MOST_OF_NETWORK)) {
            request.over = request.networks.isEmpty();
            return request.over ? Turn.NEVER : Turn.LATER;
        }
        if (request.networks.add(from)) {
            waiting.computeIfAbsent(from, first -> new LinkedHashSet<>()).add(request);
            size++;
        }
        return Turn.LATER;
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
        for (Network network : request.networks) {
            waiting.computeIfPresent(network, (key, own) -> own.remove(request) && own.isEmpty() ? null : own);
            size--;
        }
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
