package io.pgweir.proxy.auth;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The databases that are asked for passwords. Thread-safe. */
public final class AuthQueries {
    private final ProxyConfig config;
    private final Map<String, AuthQuery> byDatabase = new LinkedHashMap<>();

    public AuthQueries(
            ProxyConfig config,
            BackendConnector connector,
            List<LoopContext> loops,
            Breakers breakers,
            Credentials credentials) {
        this.config = config;
        for (DatabaseConfig database : config.databases()) {
            if (database.authQuery() != null) {
                byDatabase.put(
                        database.name(),
                        AuthQuery.of(
                                database,
                                config.clientLoginTimeout(),
                                database.authQuery(),
                                connector,
                                loops,
                                breakers,
                                credentials));
            }
        }
    }

    /** How passwords of users of this database are found out, by the name that clients use; null: not at all. */
    @Nullable
    AuthQuery of(String database) {
        DatabaseConfig known = byDatabase.isEmpty() ? null : config.database(database);
        return known == null ? null : byDatabase.get(known.name());
    }

    /** One that challenges are made with where none is asked: the first; null: there is none. */
    @Nullable
    AuthQuery any() {
        return byDatabase.values().stream().findFirst().orElse(null);
    }

    /** The pools of one connection each that they are asked over. */
    public List<Pool> pools() {
        return byDatabase.values().stream().map(AuthQuery::pool).toList();
    }
}
