package io.pgweir.proxy.notify;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Notifications that wait for one client: until it is outside a transaction, and until its socket takes more. Bounded in
 * bytes; what does not fit is dropped until all that waited has been taken, and a mark stands in its place. Not thread-safe.
 */
public final class Outbox {
    /** What stands where notifications are missing. */
    public enum Gap {
        /** The listening backend was lost. */
        BACKEND_LOST,
        /** The client did not take them. */
        OVERFLOW
    }

    /** Either a notification or a gap. */
    public record Item(
            @Nullable Notification notification, @Nullable Gap gap) {}

    /** What an entry takes besides its message. */
    private static final int OVERHEAD = 64;

    private final int limit;
    private final Deque<Item> items = new ArrayDeque<>(0);
    private int bytes;
    private boolean overflown;

    /** @param limit bytes, at least one notification fits whatever it is */
    public Outbox(int limit) {
        this.limit = limit;
    }

    /** False if it was dropped. */
    public boolean offer(Notification notification) {
        int size = notification.message().length + OVERHEAD;
        if (overflown || (bytes + size > limit && bytes > 0)) {
            if (!overflown) {
                overflown = true;
                items.addLast(new Item(null, Gap.OVERFLOW));
            }
            return false;
        }
        bytes += size;
        items.addLast(new Item(notification, null));
        return true;
    }

    /** The listening backend was lost. */
    public void missed() {
        Item last = items.peekLast();
        if (last == null || last.gap() == null) {
            items.addLast(new Item(null, Gap.BACKEND_LOST));
        }
    }

    public @Nullable Item poll() {
        Item item = items.pollFirst();
        if (item != null && item.notification() != null) {
            bytes -= item.notification().message().length + OVERHEAD;
        }
        overflown &= !items.isEmpty();
        return item;
    }

    /** Drops the notifications on channels that {@code wanted} is false for. */
    public void retain(Predicate<String> wanted) {
        items.removeIf(item -> {
            Notification notification = item.notification();
            boolean drop = notification != null && !wanted.test(notification.channel());
            bytes -= drop ? notification.message().length + OVERHEAD : 0;
            return drop;
        });
        overflown &= !items.isEmpty();
    }

    public boolean isEmpty() {
        return items.isEmpty();
    }

    /** The client is gone. */
    public void clear() {
        items.clear();
        bytes = 0;
        overflown = false;
    }
}
