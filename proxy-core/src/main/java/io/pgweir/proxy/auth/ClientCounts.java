package io.pgweir.proxy.auth;

import io.pgweir.proxy.settings.AccessSettings;
import io.pgweir.proxy.settings.DatabaseConfig;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many clients each user and each database has. Only those are counted who have proved who they are; and all of those, as
 * there may be a limit for them later. Thread-safe.
 */
public final class ClientCounts {
    /**
     * One client's place among them.
     *
     * @param full what has no place left; null: the client has one, and must leave it
     * @param limit of that
     */
    public record Place(@Nullable Full full, int limit, Runnable leaving) {
        /** Once. */
        public void leave() {
            leaving.run();
        }
    }

    /** What may have no place left. */
    public enum Full {
        USER,
        DATABASE
    }

    private volatile AccessSettings settings;
    private final Map<String, Integer> users = new HashMap<>();
    private final Map<String, Integer> databases = new HashMap<>();

    public ClientCounts(AccessSettings settings) {
        this.settings = settings;
    }

    /** Other limits from now on. Who is here stays, and counts. */
    public void limits(AccessSettings other) {
        settings = other;
    }

    /** @param name of the database, as the client calls it */
    public Place enter(DatabaseConfig database, String name, String user) {
        AccessSettings now = settings;
        int mostOfUser = now.mostOf(user);
        int mostOfDatabase = now.mostOf(database);
        synchronized (this) {
            if (mostOfUser > 0 && users.getOrDefault(user, 0) >= mostOfUser) {
                return new Place(Full.USER, mostOfUser, () -> {});
            }
            if (mostOfDatabase > 0 && databases.getOrDefault(name, 0) >= mostOfDatabase) {
                return new Place(Full.DATABASE, mostOfDatabase, () -> {});
            }
            users.merge(user, 1, Integer::sum);
            databases.merge(name, 1, Integer::sum);
        }
        return new Place(null, 0, () -> left(name, user));
    }

    private synchronized void left(String name, String user) {
        users.computeIfPresent(user, (key, count) -> count > 1 ? count - 1 : null);
        databases.computeIfPresent(name, (key, count) -> count > 1 ? count - 1 : null);
    }
}
