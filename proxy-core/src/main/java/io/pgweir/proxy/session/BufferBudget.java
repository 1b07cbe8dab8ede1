package io.pgweir.proxy.session;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that are held of what clients have sent and cannot be passed on yet, of all of them together. Thread-safe. */
public final class BufferBudget {
    /** What a single client holds below this is not counted. */
    private static final int SMALL = 4 << 10;

    private final long most;
    private final AtomicLong held = new AtomicLong();

    /** @param most bytes; 0: a quarter of what the heap may grow to, which is also what buffers outside of it may take */
    BufferBudget(long most) {
        this.most = most == 0 ? Runtime.getRuntime().maxMemory() / 4 : most;
    }

    /** What one client holds. One thread at a time. */
    final class Share {
        private int counted;

        /** The client holds so many bytes now. Returns whether they are counted, and all together hold too much. */
        boolean isScarceWith(int bytes) {
            int now = bytes <= SMALL ? 0 : bytes;
            if (now == 0 && counted == 0) {
                return false;
            }
            long all = held.addAndGet(now - counted);
            counted = now;
            return now > 0 && all > most;
        }

        /** The client holds nothing any more. */
        void giveBack() {
            isScarceWith(0);
        }
    }

    Share share() {
        return new Share();
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
