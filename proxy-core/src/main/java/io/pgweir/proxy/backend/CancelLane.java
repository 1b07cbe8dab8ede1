package io.pgweir.proxy.backend;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Lets few cancel requests be on their way at one time: each is a connection that PostgreSQL forks a process for, and there
 * may be as many to send as there are backends. Thread-safe.
 */
final class CancelLane {
    private final int width;
    private final Queue<CancelRequest> waiting = new ArrayDeque<>();
    private int underWay;

    CancelLane(int width) {
        this.width = width;
    }

    /** Starts {@code request}, now or when others have finished, in order. */
    void enter(CancelRequest request) {
        synchronized (this) {
            if (underWay >= width) {
                waiting.add(request);
                return;
            }
            underWay++;
        }
        request.start();
    }

    /** A request that was started has finished. */
    void leave() {
        CancelRequest next;
        synchronized (this) {
            next = waiting.poll();
            if (next == null) {
                underWay--;
            }
        }
        if (next != null) {
            next.start();
        }
    }
}
