package io.pgweir.proxy.auth;

import io.pgweir.proxy.auth.LookupFailed.Meaning;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Look-ups of names of which nothing is known, two at a time, because anybody may invent names: users of whom something is known
 * wait for no more than those. Bounded. Thread-safe.
 */
final class StrangerQueue {
    /** There is one connection: the second is sent as soon as the first is answered. */
    static final int MOST_UNDER_WAY = 2;

    static final int MOST_WAITING = 1_000;

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

    private final Deque<Request> waiting = new ArrayDeque<>();
    private int underWay;

    /** It begins now or later, or is refused. */
    void add(Request request) {
        switch (place(request)) {
            case NOW -> request.begin();
            case LATER -> {}
            case NEVER ->
                request.refuse(new LookupFailed(
                        Meaning.NOT_ASKED,
                        "too many logins of users whom pgweir does not know yet wait for an answer",
                        MOST_WAITING + " names of which nothing is known wait already"));
        }
    }

    private synchronized Turn place(Request request) {
        if (underWay < MOST_UNDER_WAY) {
            underWay++;
            return Turn.NOW;
        }
        if (waiting.size() < MOST_WAITING) {
            waiting.add(request);
            return Turn.LATER;
        }
        return Turn.NEVER;
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
                vain.addAll(waiting);
                waiting.clear();
            }
            next = waiting.poll();
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
