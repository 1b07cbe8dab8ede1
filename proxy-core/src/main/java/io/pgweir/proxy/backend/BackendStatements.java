package io.pgweir.proxy.backend;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which shared statements one backend has prepared, least recently used first. A statement counts from the moment its
 * Parse is on the way; a Parse that fails is taken back by {@link StatementChange}.
 */
final class BackendStatements {
    private final int limit;
    private final LinkedHashMap<PreparedStatement, Boolean> prepared = new LinkedHashMap<>(16, 0.75f, true);
    private final Set<PreparedStatement> stale = new HashSet<>(0);

    /** @param limit most statements kept, at least 1 */
    BackendStatements(int limit) {
        this.limit = limit;
    }

    /** True if prepared; counts as a use. */
    boolean use(PreparedStatement statement) {
        return prepared.get(statement) != null;
    }

    void add(PreparedStatement statement) {
        prepared.put(statement, Boolean.TRUE);
    }

    void remove(PreparedStatement statement) {
        prepared.remove(statement);
    }

    /** Takes out the statement to close before another is added, or null while there is room. */
    @Nullable
    PreparedStatement evictForOneMore() {
        if (prepared.size() < limit) {
            return null;
        }
        Iterator<PreparedStatement> eldest = prepared.keySet().iterator();
        PreparedStatement statement = eldest.next();
        eldest.remove();
        return statement;
    }

    /** Its plan there is stale: to be closed before it is prepared again. */
    void markStale(PreparedStatement statement) {
        if (prepared.remove(statement) != null) {
            stale.add(statement);
        }
    }

    void markStaleAgain(PreparedStatement statement) {
        stale.add(statement);
    }

    /** True once if {@code statement} must be closed first. */
    boolean takeStale(PreparedStatement statement) {
        return !stale.isEmpty() && stale.remove(statement);
    }

    void clear() {
        prepared.clear();
        stale.clear();
    }

    int size() {
        return prepared.size();
    }
}
