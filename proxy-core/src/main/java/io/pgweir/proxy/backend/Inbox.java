package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Brings what a backend's channel reads to the loop that owns the backend. On the home loop, as a rule, directly; else
 * through a queue, so that nothing overtakes while the backend changes hands.
 */
final class Inbox {
    private enum Signal {
        READ_COMPLETE,
        WRITABILITY_CHANGED,
        LOST
    }

    private final BackendConnection backend;
    private final Queue<Object> waiting = new ConcurrentLinkedQueue<>();

    Inbox(BackendConnection backend) {
        this.backend = backend;
    }

    void read(ByteBuf in) {
        if (isDirect()) {
            backend.read(in);
        } else {
            enqueue(in);
        }
    }

    void readComplete() {
        signal(Signal.READ_COMPLETE);
    }

    void writabilityChanged() {
        signal(Signal.WRITABILITY_CHANGED);
    }

    void lost() {
        signal(Signal.LOST);
    }

    private void signal(Signal signal) {
        if (isDirect()) {
            deliver(signal);
        } else {
            enqueue(signal);
        }
    }

    private boolean isDirect() {
        return backend.owner().inEventLoop() && waiting.isEmpty();
    }

    private void enqueue(Object item) {
        waiting.add(item);
        backend.owner().execute(this::drain);
    }

    private void drain() {
        while (true) {
            EventLoop owner = backend.owner();
            if (!owner.inEventLoop()) {
                if (!waiting.isEmpty()) {
                    owner.execute(this::drain);
                }
                return;
            }
            Object item = waiting.poll();
            if (item == null) {
                return;
            }
            deliver(item);
        }
    }

    private void deliver(Object item) {
        if (item instanceof ByteBuf in) {
            backend.read(in);
        } else if (item == Signal.READ_COMPLETE) {
            backend.readComplete();
        } else if (item == Signal.WRITABILITY_CHANGED) {
            backend.writabilityChanged();
        } else {
            backend.lost();
        }
    }
}
