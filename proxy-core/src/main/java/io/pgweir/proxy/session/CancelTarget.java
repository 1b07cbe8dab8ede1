package io.pgweir.proxy.session;

import io.pgweir.proxy.net.LoopContext;

/** Whoever a cancel key belongs to. */
public interface CancelTarget {
    LoopContext loop();

    /** A CancelRequest with its key has come. On its loop. */
    void cancel();
}
