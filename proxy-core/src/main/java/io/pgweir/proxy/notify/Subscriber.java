package io.pgweir.proxy.notify;

import io.pgweir.proxy.net.LoopContext;

/** A client that listens. All methods are called on {@link #loop}. */
public interface Subscriber {
    /** The loop it belongs to. Any thread. */
    LoopContext loop();

    /** A notification on a channel that it has joined, in the order of commits. */
    void notified(Notification notification);

    /** Notifications committed before now may be missing: the listening backend was lost, and is replaced. */
    void missed();

    /** For now that was all: time to write. */
    void deliver();
}
