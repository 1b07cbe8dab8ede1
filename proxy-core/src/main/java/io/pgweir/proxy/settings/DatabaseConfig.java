package io.pgweir.proxy.settings;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One database that clients may ask for.
 *
 * @param name what clients call it; {@value #ANY} is every database that has no entry of its own
 * @param hosts where it lives, in the order to try; at least one
 * @param backendDatabase its name on the server; null: the name that the client asked for
 * @param user the user whose credentials the database URL carries, or null
 * @param password the password of {@code user}, or null if the URL has none
 * @param tls TLS to the server
 * @param startupParameters sent in the startup message of every backend, under what the client asks for itself
 * @param pool the rules of its pools
 * @param authQuery how it is asked for passwords of users; null: it is not
 * @param maxClients most clients of it at one time; 0: no limit; null: as many as of others
 */
public record DatabaseConfig(
        String name,
        List<HostPort> hosts,
        @Nullable String backendDatabase,
        @Nullable String user,
        @Nullable Secret password,
        ServerTls tls,
        Map<String, String> startupParameters,
        PoolSettings pool,
        @Nullable AuthQuerySettings authQuery,
        @Nullable Integer maxClients) {

    /** The name of the entry for any database. */
    public static final String ANY = "*";

    public DatabaseConfig {
        Objects.requireNonNull(name, "name");
        hosts = List.copyOf(hosts);
        startupParameters = Map.copyOf(startupParameters);
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("database '" + name + "' has no host");
        }
    }

    /** Whether this entry stands for every database without an entry of its own. */
    public boolean isWildcard() {
        return name.equals(ANY);
    }

    /** The database to ask the server for when a client asks for {@code requested}. */
    public String backendDatabaseFor(String requested) {
        return backendDatabase == null ? requested : backendDatabase;
    }

    /** This, but what needs a restart as it is in {@code running}. */
    DatabaseConfig keeping(DatabaseConfig running) {
        return new DatabaseConfig(
                name,
                hosts,
                backendDatabase,
                user,
                password,
                tls,
                startupParameters,
                pool.keeping(running.pool),
                authQuery,
                maxClients);
    }
}
