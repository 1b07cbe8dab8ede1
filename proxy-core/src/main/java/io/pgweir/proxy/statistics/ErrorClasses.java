package io.pgweir.proxy.statistics;

import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Errors by the class of their SQLSTATE, the first two characters; after so many classes new ones are one. One thread. */
final class ErrorClasses {
    static final String OTHER = "other";
    private static final int MOST = 12;
    private static final int CLASS = 2;

    private @Nullable SortedMap<String, Long> counts;

    /** The class of a SQLSTATE. */
    static String of(@Nullable String sqlState) {
        return sqlState == null || sqlState.length() < CLASS ? OTHER : sqlState.substring(0, CLASS);
    }

    void count(String errorClass) {
        add(errorClass, 1);
    }

    private void add(String errorClass, long count) {
        SortedMap<String, Long> known = counts;
        if (known == null) {
            counts = known = new TreeMap<>();
        }
        known.merge(known.size() < MOST || known.containsKey(errorClass) ? errorClass : OTHER, count, Long::sum);
    }

    void add(ErrorClasses others) {
        SortedMap<String, Long> theirs = others.counts;
        if (theirs != null) {
            theirs.forEach(this::add);
        }
    }

    void clear() {
        counts = null;
    }

    SortedMap<String, Long> all() {
        return counts == null ? new TreeMap<>() : new TreeMap<>(counts);
    }
}
