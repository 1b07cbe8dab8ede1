package io.pgweir.proxy.backend;

/**
 * The replies a backend owes, oldest first, one byte each. It alone answers whether a backend is done: nothing else
 * counts messages.
 */
final class ReplyQueue {
    private static final int INITIAL = 16;

    private byte[] ring = new byte[INITIAL];
    private int head;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    void push(byte reply) {
        if (size == ring.length) {
            grow();
        }
        ring[(head + size) & (ring.length - 1)] = reply;
        size++;
    }

    /** The oldest, or {@link Reply#NONE}. */
    byte peek() {
        return size == 0 ? Reply.NONE : ring[head];
    }

    /** The one {@code index} places behind the oldest; {@code index < size()}. */
    byte peek(int index) {
        return ring[(head + index) & (ring.length - 1)];
    }

    byte pop() {
        if (size == 0) {
            throw new IllegalStateException("no reply is owed");
        }
        byte reply = ring[head];
        head = (head + 1) & (ring.length - 1);
        if (--size == 0 && ring.length > 1024) {
            ring = new byte[INITIAL];
            head = 0;
        }
        return reply;
    }

    /** Puts {@code reply} in the place of the oldest. */
    void replaceHead(byte reply) {
        ring[head] = reply;
    }

    /** Takes out the one {@code index} places behind the oldest. Rare (COPY only), linear. */
    void remove(int index) {
        for (int i = index; i + 1 < size; i++) {
            ring[(head + i) & (ring.length - 1)] = peek(i + 1);
        }
        size--;
    }

    private void grow() {
        byte[] larger = new byte[ring.length * 2];
        for (int i = 0; i < size; i++) {
            larger[i] = peek(i);
        }
        ring = larger;
        head = 0;
    }
}
