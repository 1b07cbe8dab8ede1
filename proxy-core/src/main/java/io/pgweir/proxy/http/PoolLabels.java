package io.pgweir.proxy.http;

import io.pgweir.proxy.pool.PoolKey;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What pools are called in figures. Clients choose names of databases and users, so the number of names is bounded: the
 * first ones keep theirs, all later ones together are {@link #OTHER} until pools have gone. One thread.
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
        String label = text(key);
        if (named.contains(label)) {
            return label;
        }
        if (named.size() >= limit) {
            return OTHER;
        }
        named.add(label);
        return label;
    }

    /** These are all pools there are: if there are no labels left, those of others may be given away. */
    void retain(Stream<PoolKey> keys) {
        if (named.size() >= limit) {
            named.retainAll(keys.map(PoolLabels::text).collect(Collectors.toSet()));
        }
    }

    private static String text(PoolKey key) {
        String name = key.toString();
        return name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "…";
    }
}
