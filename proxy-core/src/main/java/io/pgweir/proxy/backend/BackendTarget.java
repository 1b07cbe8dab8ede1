package io.pgweir.proxy.backend;

import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where and as whom a pool's backends log in. Thread-safe; the derived SCRAM keys are kept, because deriving them costs a
 * millisecond and the salt of a role seldom changes.
 */
public final class BackendTarget {
    private final List<HostPort> hosts;
    private final String database;
    private final String user;
    private final @Nullable Secret password;
    private final Map<String, String> parameters;
    private final Duration connectTimeout;
    private final int statementLimit;
    private final TargetSessionAttrs wanted;
    private final ServerTls tls;
    private volatile @Nullable Derived derived;

    /**
     * @param parameters sent in every StartupMessage, below those of a session-mode client
     * @param wanted what a server must be
     * @param tls how connections are protected
     */
    public BackendTarget(
            List<HostPort> hosts,
            String database,
            String user,
            @Nullable Secret password,
            Map<String, String> parameters,
            Duration connectTimeout,
            int statementLimit,
            TargetSessionAttrs wanted,
            ServerTls tls) {
        this.hosts = List.copyOf(hosts);
        this.database = database;
        this.user = user;
        this.password = password;
        this.parameters = Map.copyOf(parameters);
        this.connectTimeout = connectTimeout;
        this.statementLimit = statementLimit;
        this.wanted = wanted;
        this.tls = tls;
    }

    public List<HostPort> hosts() {
        return hosts;
    }

    public String database() {
        return database;
    }

    public String user() {
        return user;
    }

    /** Null: none is known. */
    public @Nullable Secret password() {
        return password;
    }

    Map<String, String> parameters() {
        return parameters;
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    int statementLimit() {
        return statementLimit;
    }

    TargetSessionAttrs wanted() {
        return wanted;
    }

    public ServerTls tls() {
        return tls;
    }

    /** Whether what is opened with either is as good as what is opened with the other: all but the password and bounds. */
    public boolean leadsWhere(BackendTarget other) {
        return hosts.equals(other.hosts)
                && database.equals(other.database)
                && user.equals(other.user)
                && parameters.equals(other.parameters)
                && wanted == other.wanted
                && tls.equals(other.tls);
    }

    /** Whether nothing differs. */
    public boolean isLike(BackendTarget other) {
        return leadsWhere(other)
                && Objects.equals(password, other.password)
                && connectTimeout.equals(other.connectTimeout)
                && statementLimit == other.statementLimit;
    }

    @Nullable
    ScramKeys keysFor(byte[] salt, int iterations) {
        Derived known = derived;
        return known != null && known.iterations == iterations && Arrays.equals(known.salt, salt) ? known.keys : null;
    }

    void remember(byte[] salt, int iterations, ScramKeys keys) {
        derived = new Derived(salt, iterations, keys);
    }

    private static final class Derived {
        private final byte[] salt;
        private final int iterations;
        private final ScramKeys keys;

        Derived(byte[] salt, int iterations, ScramKeys keys) {
            this.salt = salt;
            this.iterations = iterations;
            this.keys = keys;
        }
    }
}
