package io.pgweir.proxy.session;

import io.pgweir.proxy.insight.AdminOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What administrators have ordered for whole databases, whether they have pools yet or not. Thread-safe. */
public final class DatabaseSwitches {
    private volatile @Nullable AdminOrder allPaused;
    private final Map<String, AdminOrder> paused = new ConcurrentHashMap<>();
    private final Map<String, AdminOrder> disabled = new ConcurrentHashMap<>();

    /** @param database null: every one */
    void pause(@Nullable String database, AdminOrder order) {
        if (database == null) {
            allPaused = order;
        } else {
            paused.put(database, order);
        }
    }

    /** @param database null: every one */
    void resume(@Nullable String database) {
        if (database == null) {
            allPaused = null;
            paused.clear();
        } else {
            paused.remove(database);
        }
    }

    /** Ends a pause if it is this very one, and not one that was ordered since. */
    void resume(@Nullable String database, AdminOrder order) {
        if (database != null) {
            paused.computeIfPresent(database, (name, current) -> current == order ? null : current);
        } else if (allPaused == order) {
            allPaused = null;
        }
    }

    /** Whether this very order pauses a database, or all (null). */
    public boolean isPausedBy(@Nullable String database, AdminOrder order) {
        return allPaused == order || (database != null && paused.get(database) == order);
    }

    /** The pause of all databases, or null. */
    public @Nullable AdminOrder allPaused() {
        return allPaused;
    }

    /** The pause that a database is in, its own or that of all; null: none. */
    public @Nullable AdminOrder paused(String database) {
        AdminOrder own = paused.get(database);
        return own == null ? allPaused : own;
    }

    /** Whether there is an order for this very database. */
    boolean knows(String database) {
        return paused.containsKey(database) || disabled.containsKey(database);
    }

    /** Whether any database is paused. */
    public boolean isAnyPaused() {
        return allPaused != null || !paused.isEmpty();
    }

    /** No new clients for this database. */
    public void disable(String database, AdminOrder order) {
        disabled.put(database, order);
    }

    /** False if it was not disabled. */
    public boolean enable(String database) {
        return disabled.remove(database) != null;
    }

    /** Null: new clients are welcome. */
    public @Nullable AdminOrder disabled(String database) {
        return disabled.get(database);
    }
}
