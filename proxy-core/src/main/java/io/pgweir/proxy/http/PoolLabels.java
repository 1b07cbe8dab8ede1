package io.pgweir.proxy.http;

import io.pgweir.proxy.pool.PoolKey;
import java.util.HashSet;
import java.util.Set;

/**
 * What pools are called in figures. Clients choose names of databases and users, so the number of names is bounded: the
 * first ones keep theirs for good, all later ones together are {@link #OTHER}. One thread.
 */
final class PoolLabels {
    /** No pool is called so: pools have a slash. */
    static final String OTHER = "other";

    /** PostgreSQL's own names are at most 63 bytes. */
    private static final int LONGEST = 160;

    private final int limit;
    private final Set<String> named = new HashSet<>();

    PoolLabels(int limit) {
        this.limit = limit;
    }

    /** {@code database/user}, or {@link #OTHER}. */
    String of(PoolKey key) {
        String name = key.toString();
        String label = name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "…";
        if (named.contains(label)) {
            return label;
        }
        if (named.size() >= limit) {
            return OTHER;
        }
        named.add(label);
        return label;
    }
}
