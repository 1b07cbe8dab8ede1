package io.pgweir.proxy.session;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that are held of what clients have sent and cannot be passed on yet, of all of them together. Thread-safe. */
public final class BufferBudget {
    private final long most;
    private final AtomicLong held = new AtomicLong();

    /** @param most bytes; 0: a quarter of what the heap may grow to, which is also what buffers outside of it may take */
    BufferBudget(long most) {
        this.most = most == 0 ? Runtime.getRuntime().maxMemory() / 4 : most;
    }

    /** Of one client. */
    BufferShare share() {
        return new BufferShare() {
            @Override
            boolean change(int bytes) {
                return held.addAndGet(bytes) > most;
            }
        };
    }

    /** The most that is held without consequences. */
    long most() {
        return most;
    }

    /** Bytes that are held now; what a single client holds below 4 KiB is not counted. */
    public long held() {
        return held.get();
    }
}
