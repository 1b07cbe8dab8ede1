package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The databases that are asked for passwords. One that is asked elsewhere, or otherwise, after a reload is another, which has been
 * told nothing yet; the former one goes when those have their answers who have asked it. Thread-safe.
 */
public final class AuthQueries {
    /** Names of which nothing is known that may wait for an answer, of each database. */
    public static final int MOST_STRANGERS = StrangerQueue.MOST_WAITING;

    /** Users of each database of whom an answer is kept. */
    public static final int MOST_REMEMBERED = VerifierCache.MOST_KNOWN;

    private final LiveConfig live;
    private final BackendConnector connector;
    private final List<LoopContext> loops;
    private final Breakers breakers;
    private final Credentials credentials;

    // Changed with the lock of this object.
    private volatile Map<String, AuthQuery> byDatabase = Map.of();
    private volatile List<AuthQuery> leaving = List.of();

    public AuthQueries(
            LiveConfig live,
            BackendConnector connector,
            List<LoopContext> loops,
            Breakers breakers,
            Credentials credentials) {
        this.live = live;
        this.connector = connector;
        this.loops = loops;
        this.breakers = breakers;
        this.credentials = credentials;
        configured();
    }

    /** Something else is configured. */
    public synchronized void configured() {
        ProxyConfig config = live.config();
        Map<String, AuthQuery> former = byDatabase;
        Map<String, AuthQuery> next = new LinkedHashMap<>();
        for (DatabaseConfig database : config.databases()) {
            if (database.authQuery() != null) {
                AuthQuery known = former.get(database.name());
                AuthQuery.Rules rules = AuthQuery.Rules.of(database, database.authQuery(), config.clientLoginTimeout());
                if (known != null && known.asksLike(rules)) {
                    known.follow(rules, breakers);
                } else {
                    known = new AuthQuery(rules, connector, loops, breakers, credentials);
                }
                next.put(database.name(), known);
            }
        }
        byDatabase = Collections.unmodifiableMap(next);
        List<AuthQuery> going = new ArrayList<>(leaving);
        former.values().stream().filter(query -> !next.containsValue(query)).forEach(query -> {
            query.leave();
            going.add(query);
        });
        leaving = List.copyOf(going);
    }

    /**
     * Ends those that are leaving and that nobody waits for any more; about once a second.
     *
     * @return whether one has gone
     */
    public boolean sweep() {
        if (leaving.isEmpty()) {
            return false;
        }
        synchronized (this) {
            int before = leaving.size();
            leaving = leaving.stream().filter(query -> !query.end()).toList();
            return leaving.size() < before;
        }
    }

    /** How passwords of users of this database are found out, by the name that clients use; null: not at all. */
    @Nullable
    AuthQuery of(String database) {
        Map<String, AuthQuery> now = byDatabase;
        DatabaseConfig known = now.isEmpty() ? null : live.config().database(database);
        return known == null ? null : now.get(known.name());
    }

    /** One that challenges are made with where none is asked: the first; null: there is none. */
    @Nullable
    AuthQuery any() {
        return byDatabase.values().stream().findFirst().orElse(null);
    }

    /** The pools of one connection each that they are asked over. */
    public List<Pool> pools() {
        return Stream.concat(byDatabase.values().stream(), leaving.stream())
                .map(AuthQuery::pool)
                .toList();
    }
}
