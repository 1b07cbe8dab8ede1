package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration of one proxy. Immutable, so any thread may read it; its text never shows a password.
 *
 * @param listen where clients connect
 * @param http where health and metrics are served; null: nowhere
 * @param httpAccess who may read them
 * @param tls TLS to clients
 * @param tlsProvider whose TLS is used, to clients and to servers
 * @param reusePort whether other processes may listen on both addresses too
 * @param eventLoops threads that move bytes; 0: as many as the machine suggests
 * @param transport the system interface that moves bytes
 * @param maxClients most clients connected at one time
 * @param maxPools most pools of clients' own choice at one time
 * @param bounds what clients may take of pgweir together
 * @param clientLoginTimeout longest login of a client; above zero
 * @param clientAuth how clients prove who they are, unless {@code access} has rules
 * @param access who may come in
 * @param databases the databases that clients may ask for, each name once
 * @param users the users with an entry of their own, by name; the users of database URLs are not in it, see
 *     {@link #user(String)}
 * @param exceptions users and applications with limits of their own
 * @param adminUsers users who may use the whole admin console
 * @param statsUsers users who may use its SHOW commands
 * @param shutdownTimeout longest wait for open transactions at shutdown
 * @param logFormat the shape of a log line
 * @param logLevel one of trace, debug, info, warn, error, off
 * @param statements what is kept of statements, and which are logged
 * @param breaker when a server is no longer asked for connections
 * @param pool the rules of pools whose database says nothing else
 */
public record ProxyConfig(
        HostPort listen,
        @Nullable HostPort http,
        HttpAccess httpAccess,
        ListenerTls tls,
        TlsProviderChoice tlsProvider,
        boolean reusePort,
        int eventLoops,
        TransportChoice transport,
        int maxClients,
        int maxPools,
        ClientBounds bounds,
        Duration clientLoginTimeout,
        ClientAuth clientAuth,
        AccessSettings access,
        List<DatabaseConfig> databases,
        Map<String, UserConfig> users,
        LimitExceptions exceptions,
        Set<String> adminUsers,
        Set<String> statsUsers,
        Duration shutdownTimeout,
        LogFormat logFormat,
        String logLevel,
        StatementRules statements,
        BreakerSettings breaker,
        PoolSettings pool) {

    public ProxyConfig {
        databases = List.copyOf(databases);
        users = Map.copyOf(users);
        adminUsers = Set.copyOf(adminUsers);
        statsUsers = Set.copyOf(statsUsers);
    }

    /** The entry for a database that a client asks for: its own, else that for any database, else null. */
    public @Nullable DatabaseConfig database(String name) {
        DatabaseConfig any = null;
        for (DatabaseConfig database : databases) {
            if (database.isWildcard()) {
                any = database;
            } else if (database.name().equals(name)) {
                return database;
            }
        }
        return any;
    }

    /** A user by name: from {@code users}, else the user of a database URL, else null. */
    public @Nullable UserConfig user(String name) {
        UserConfig own = users.get(name);
        if (own != null && own.password() != null) {
            return own;
        }
        UserConfig found = own;
        for (DatabaseConfig database : databases) {
            if (name.equals(database.user()) && (found == null || found.password() == null)) {
                found = new UserConfig(name, database.password(), own == null ? null : own.maxClients());
            }
        }
        return found;
    }

    /**
     * The password to log in to a server with: that of the database's own URL if it is for this user, else that of the
     * user's entry, else null.
     */
    public @Nullable Secret backendPassword(DatabaseConfig database, String user) {
        if (user.equals(database.user()) && database.password() != null) {
            return database.password();
        }
        UserConfig known = user(user);
        return known == null ? null : known.password();
    }

    /** The database of this very name, or null. */
    public @Nullable DatabaseConfig named(String name) {
        return databases.stream()
                .filter(database -> database.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Every user that it names, whether with a password or not. */
    public Set<String> userNames() {
        Set<String> names = new TreeSet<>(users.keySet());
        databases.stream().map(DatabaseConfig::user).filter(Objects::nonNull).forEach(names::add);
        return names;
    }

    /** This, but what needs a restart as it is in {@code running}. */
    ProxyConfig keeping(ProxyConfig running) {
        List<DatabaseConfig> kept = databases.stream()
                .map(database -> {
                    DatabaseConfig before = running.named(database.name());
                    return before == null ? database : database.keeping(before);
                })
                .toList();
        return new ProxyConfig(
                running.listen,
                running.http,
                running.httpAccess,
                tls,
                running.tlsProvider,
                running.reusePort,
                running.eventLoops,
                running.transport,
                maxClients,
                maxPools,
                running.bounds,
                clientLoginTimeout,
                clientAuth,
                access,
                kept,
                users,
                exceptions,
                adminUsers,
                statsUsers,
                shutdownTimeout,
                running.logFormat,
                logLevel,
                statements,
                breaker,
                pool);
    }
}
