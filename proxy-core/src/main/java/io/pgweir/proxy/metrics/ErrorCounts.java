package io.pgweir.proxy.metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Errors by SQLSTATE. Functions may raise codes of their own invention, so the number of codes is bounded: when there are many,
 * new ones are counted by their class ({@code 23xxx}), and when there are too many of those as {@link #OTHER}. One thread adds; any
 * thread reads.
 */
public final class ErrorCounts {
    public static final String OTHER = "other";

    static final int MOST_CODES = 100;
    static final int MOST_CLASSES = 50;
    private static final int LENGTH = 5;

    private final Map<String, Counter> counters = new ConcurrentHashMap<>();

    /** Only the owner's thread. */
    public void increment(@Nullable String sqlState) {
        counter(sqlState).increment();
    }

    private Counter counter(@Nullable String sqlState) {
        String code = sqlState == null || !isCode(sqlState) ? OTHER : sqlState;
        Counter known = counters.get(code);
        if (known != null) {
            return known;
        }
        int size = counters.size();
        String key = code;
        if (size >= MOST_CODES + MOST_CLASSES) {
            key = OTHER;
        } else if (size >= MOST_CODES && !code.equals(OTHER)) {
            key = code.substring(0, 2) + "xxx";
        }
        return counters.computeIfAbsent(key, fresh -> new Counter());
    }

    private static boolean isCode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) {
                return false;
            }
        }
        return text.length() == LENGTH;
    }

    /** Every SQLSTATE (or class, or {@link #OTHER}) with its count. */
    public void forEach(ObjLongConsumer<String> action) {
        counters.forEach((code, counter) -> action.accept(code, counter.get()));
    }
}
