package io.pgweir.proxy.insight;

import java.util.Locale;

/**
 * Something that an administrator has asked for, and that is so until it is taken back.
 *
 * @param by the user who has asked
 * @param since {@link System#nanoTime}
 */
public record AdminOrder(String by, long since) {
    /** From now on. */
    public static AdminOrder now(String by) {
        return new AdminOrder(by, System.nanoTime());
    }

    public long lastedNanos() {
        return System.nanoTime() - since;
    }

    /** For messages to clients, who need not know the name: {@code by an administrator 1.2s ago}. */
    public String words() {
        return String.format(Locale.ROOT, "by an administrator %.1fs ago", lastedNanos() / 1e9);
    }
}
