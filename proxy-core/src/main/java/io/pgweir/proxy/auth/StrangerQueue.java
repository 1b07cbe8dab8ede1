package io.pgweir.proxy.auth;

import io.pgweir.proxy.auth.LookupFailed.Meaning;
import io.pgweir.proxy.net.Network;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    interface Request {
        void begin();

        void refuse(LookupFailed why);
    }

    private enum Turn {
        NOW,
        LATER,
        NEVER
    }

    /** By network, the one whose turn is next first; none of them is empty. */
    private final LinkedHashMap<Network, Deque<Request>> waiting = new LinkedHashMap<>();

    private int size;
    private int underWay;

    /** It begins now or later, or is refused. @param from where it was asked */
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
        if (underWay < MOST_UNDER_WAY) {
            underWay++;
            return Turn.NOW;
        }
        Deque<Request> own = waiting.get(from);
        if (size == MOST_WAITING || (own != null && own.size() == MOST_OF_NETWORK)) {
            return Turn.NEVER;
        }
        waiting.computeIfAbsent(from, first -> new ArrayDeque<>()).add(request);
        size++;
        return Turn.LATER;
    }

    private @Nullable Request poll() {
        Iterator<Map.Entry<Network, Deque<Request>>> turns = waiting.entrySet().iterator();
        if (!turns.hasNext()) {
            return null;
        }
        Map.Entry<Network, Deque<Request>> turn = turns.next();
        turns.remove();
        Request next = turn.getValue().remove();
        if (!turn.getValue().isEmpty()) {
            waiting.put(turn.getKey(), turn.getValue());
        }
        size--;
        return next;
    }

    /**
     * One of those that have begun has its answer.
     *
     * @param failure null: none. Of an outage those who wait are told, too.
     */
    void ended(@Nullable Throwable failure) {
        LookupFailed outage = failure == null ? null : LookupFailed.of(failure);
        List<Request> vain = new ArrayList<>();
        Request next;
        synchronized (this) {
            if (outage != null && outage.meaning() == Meaning.AWAY) {
                waiting.values().forEach(vain::addAll);
                waiting.clear();
                size = 0;
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
