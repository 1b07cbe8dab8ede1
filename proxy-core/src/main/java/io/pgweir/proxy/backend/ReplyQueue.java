package io.pgweir.proxy.backend;

import io.pgweir.proxy.statistics.StatementTally;
import org.jspecify.annotations.Nullable;

/**
 * The replies a backend owes, oldest first, one byte each, and where they count if they are executions' and counted. It alone
 * answers whether a backend is done: nothing else counts messages.
 */
final class ReplyQueue {
    private static final int INITIAL = 16;
    private static final @Nullable StatementTally[] NONE = {};

    private byte[] ring = new byte[INITIAL];
    private int head;
    private int size;
    /** Beside {@link #ring}; empty until the first execution that is counted. */
    private @Nullable StatementTally[] tallies = NONE;

    private int counted;

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

    /** An execution's, which counts there; null: nowhere. */
    void push(byte reply, @Nullable StatementTally tally) {
        push(reply);
        if (tally != null) {
            if (tallies.length < ring.length) {
                tallies = new StatementTally[ring.length];
            }
            tallies[(head + size - 1) & (ring.length - 1)] = tally;
            counted++;
        }
    }

    /** Replies that are executions' and count somewhere. */
    int counted() {
        return counted;
    }

    /** Where the one {@code index} places behind the oldest counts; null: nowhere. */
    @Nullable
    StatementTally tally(int index) {
        return counted == 0 || index >= size ? null : tallies[(head + index) & (ring.length - 1)];
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
        if (counted > 0) {
            uncount(head);
        }
        head = (head + 1) & (ring.length - 1);
        if (--size == 0 && ring.length > 1024) {
            ring = new byte[INITIAL];
            tallies = NONE;
            head = 0;
        }
        return reply;
    }

    private void uncount(int place) {
        if (tallies[place] != null) {
            tallies[place] = null;
            counted--;
        }
    }

    /** Puts {@code reply} in the place of the oldest. */
    void replaceHead(byte reply) {
        ring[head] = reply;
    }

    /** Takes out the one {@code index} places behind the oldest. Rare (COPY only), linear. */
    void remove(int index) {
        int mask = ring.length - 1;
        if (counted > 0) {
            uncount((head + index) & mask);
        }
        for (int i = index; i + 1 < size; i++) {
            ring[(head + i) & mask] = peek(i + 1);
            if (counted > 0) {
                tallies[(head + i) & mask] = tally(i + 1);
                tallies[(head + i + 1) & mask] = null;
            }
        }
        size--;
    }

    private void grow() {
        byte[] larger = new byte[ring.length * 2];
        @Nullable StatementTally[] more = counted > 0 ? new StatementTally[larger.length] : NONE;
        for (int i = 0; i < size; i++) {
            larger[i] = peek(i);
            if (counted > 0) {
                more[i] = tally(i);
            }
        }
        ring = larger;
        tallies = more;
        head = 0;
    }
}
