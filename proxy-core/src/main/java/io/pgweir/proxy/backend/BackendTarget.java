package io.pgweir.proxy.backend;

import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Where and as whom a pool's backends log in. Thread-safe. */
public final class BackendTarget {
    private final List<HostPort> hosts;
    private final String database;
    private final String user;
    private final BackendCredentials credentials;
    private final Map<String, String> parameters;
    private final Duration connectTimeout;
    private final int statementLimit;
    private final TargetSessionAttrs wanted;
    private final ServerTls tls;

    /**
     * @param parameters sent in every StartupMessage, below those of a session-mode client
     * @param wanted what a server must be
     * @param tls how connections are protected
     */
    public BackendTarget(
            List<HostPort> hosts,
            String database,
            String user,
            BackendCredentials credentials,
            Map<String, String> parameters,
            Duration connectTimeout,
            int statementLimit,
            TargetSessionAttrs wanted,
            ServerTls tls) {
        this.hosts = List.copyOf(hosts);
        this.database = database;
        this.user = user;
        this.credentials = credentials;
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

    /** What they log in with. */
    public BackendCredentials credentials() {
        return credentials;
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

    /** Whether what is opened with either is as good as what is opened with the other: all but credentials and bounds. */
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
                && credentials == other.credentials
                && connectTimeout.equals(other.connectTimeout)
                && statementLimit == other.statementLimit;
    }
}
