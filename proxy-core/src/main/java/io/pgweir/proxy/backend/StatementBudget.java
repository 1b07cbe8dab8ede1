package io.pgweir.proxy.backend;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that the prepared statements of all clients take: each text once, however many clients have it, and each name. Without a bound
 * clients that each stay within theirs could fill the heap together. Thread-safe.
 */
public final class StatementBudget {
    /** Of a text, besides itself. */
    static final int TEXT_OVERHEAD = 256;

    /** Of a name, besides itself. */
    private static final int NAME_OVERHEAD = 48;

    private final long most;
    private final AtomicLong held = new AtomicLong();

    /** A quarter of what the heap may grow to. */
    public StatementBudget() {
        this(Runtime.getRuntime().maxMemory() / 4);
    }

    public StatementBudget(long most) {
        this.most = most;
    }

    /** Whether one more text of so many bytes may be held. */
    public boolean hasRoomFor(long bytes) {
        return held.get() + bytes + TEXT_OVERHEAD + NAME_OVERHEAD <= most;
    }

    /** A client names a statement. */
    public void hold(byte[] name, PreparedStatement statement) {
        long text = statement.heldOnceMore() ? statement.body().length + TEXT_OVERHEAD : 0;
        held.addAndGet(text + name.length + NAME_OVERHEAD);
    }

    /** It does not any more. */
    public void letGo(byte[] name, PreparedStatement statement) {
        long text = statement.heldOnceLess() ? statement.body().length + TEXT_OVERHEAD : 0;
        held.addAndGet(-text - name.length - NAME_OVERHEAD);
    }

    public long held() {
        return held.get();
    }

    public long most() {
        return most;
    }
}
