package io.pgweir.proxy.session;

/** What one connection holds of what it has sent, as a part of what all may hold. One thread at a time. */
abstract class BufferShare {
    /** What a single connection holds below this is not counted. */
    private static final int SMALL = 4 << 10;

    private int counted;

    /** So many bytes more or less are held. Returns whether that makes it too much. */
    abstract boolean change(int bytes);

    /** The connection holds so many bytes now. Returns whether they are counted, and all together hold too much. */
    final boolean isScarceWith(int bytes) {
        int now = bytes <= SMALL ? 0 : bytes;
        if (now == 0 && counted == 0) {
            return false;
        }
        int change = now - counted;
        counted = now;
        return change(change) && now > 0;
    }

    /** The connection holds nothing any more. */
    final void giveBack() {
        isScarceWith(0);
    }
}
