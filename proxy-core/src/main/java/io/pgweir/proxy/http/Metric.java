package io.pgweir.proxy.http;

import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.insight.Cause;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.metrics.StateLeaks;
import io.pgweir.proxy.settings.LiveConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The one table of pgweir's own metrics; {@link PoolCollector} fills them, docs/metrics.md is made from them. */
enum Metric {
    POOL_CONNECTIONS(
            "pgweir_pool_connections",
            Kind.GAUGE,
            "connections",
            "Backend connections: idle; active, that is running a statement or changing hands; idle_in_transaction; slow_client,"
                    + " whose client does not read its result; held by a client that does nothing (session mode, temporary"
                    + " tables); resetting, that is cancelled, rolled back or closed after a client; connecting.",
            Label.POOL,
            new Label(
                    "state",
                    "idle",
                    "active",
                    "idle_in_transaction",
                    "slow_client",
                    "held",
                    "resetting",
                    "connecting")),
    POOL_LIMIT(
            "pgweir_pool_limit", Kind.GAUGE, "connections", "Most backend connections: connection_limit.", Label.POOL),
    POOL_USAGE(
            "pgweir_pool_usage_ratio",
            Kind.GAUGE,
            "ratio",
            "Part of connection_limit that is not there for the next client: everything but idle, from 0 to 1.",
            Label.POOL),
    POOL_WAITING("pgweir_pool_waiting", Kind.GAUGE, "clients", "Clients waiting for a backend connection.", Label.POOL),
    POOL_WAIT(
            "pgweir_pool_wait_seconds",
            Kind.HISTOGRAM,
            "seconds",
            "Time from asking for a backend connection to the outcome: served; timeout, that is pool_timeout; failed, that"
                    + " is any other failure or a client that left.",
            Label.POOL,
            new Label("outcome", "served", "timeout", "failed")),
    POOL_TIMEOUTS(
            "pgweir_pool_timeouts_total",
            Kind.COUNTER,
            "timeouts",
            "Requests for a backend connection that ended with pool_timeout, by the cause that the error names.",
            Label.POOL,
            new Label("cause", Arrays.stream(Cause.values()).map(Cause::key).toArray(String[]::new))),
    QUERY_DURATION(
            "pgweir_query_duration_seconds",
            Kind.HISTOGRAM,
            "seconds",
            "Time from sending a request (a Query, or extended-protocol messages up to Sync) to PostgreSQL until its"
                    + " ReadyForQuery. Requests of a pipeline count one by one, from the end of the one before. Waiting for a"
                    + " backend connection counts in pgweir_pool_wait_seconds.",
            Label.POOL),
    TRANSACTION_DURATION(
            "pgweir_transaction_duration_seconds",
            Kind.HISTOGRAM,
            "seconds",
            "Time for which a client held a backend connection, from checkout to release.",
            Label.POOL),
    BACKEND_CONNECT(
            "pgweir_backend_connect_seconds",
            Kind.HISTOGRAM,
            "seconds",
            "Time to connect and log in to PostgreSQL.",
            Label.POOL,
            new Label("outcome", "succeeded", "failed")),
    CANCELS(
            "pgweir_cancels_total",
            Kind.COUNTER,
            "requests",
            "Cancel requests sent to PostgreSQL: for a client that asked, because the client is gone, or because a time limit"
                    + " was exceeded.",
            Label.POOL,
            new Label("reason", "client", "abandoned", "timeout")),
    TIMEOUTS(
            "pgweir_timeouts_total",
            Kind.COUNTER,
            "timeouts",
            "Time limits exceeded: statement_timeout, transaction_timeout, idle_in_transaction_timeout,"
                    + " pinned_idle_timeout. Waiting in vain for"
                    + " a backend connection counts in pgweir_pool_timeouts_total.",
            Label.POOL,
            new Label("kind", "statement", "transaction", "idle_in_transaction", "pinned_idle")),
    RETRIES(
            "pgweir_retries_total",
            Kind.COUNTER,
            "retries",
            "What was tried again: connect, a backend connection after one that could not be opened; stale_plan, a request whose"
                    + " prepared statement PostgreSQL no longer took, prepared and sent again unseen by the client;"
                    + " backend_lost, a statement whose backend was lost (retry: safe), denied if too many were.",
            Label.POOL,
            new Label("reason", "connect", "stale_plan", "backend_lost"),
            new Label("outcome", "succeeded", "failed", "denied")),
    BREAKER_STATE(
            "pgweir_breaker_state",
            Kind.GAUGE,
            "state",
            "State of the breaker of a server: 1 for the state it is in, 0 for the others.",
            Label.SERVER,
            Label.BREAKER_STATE),
    BREAKER_TRANSITIONS(
            "pgweir_breaker_transitions_total",
            Kind.COUNTER,
            "transitions",
            "Times that the breaker of a server has entered a state. half_open counts the probes.",
            Label.SERVER,
            Label.BREAKER_STATE),
    SERVER_ROLE(
            "pgweir_server_role",
            Kind.GAUGE,
            "state",
            "What a server was when a login or its own report last told: 1 for that, 0 for the others. unknown: not told yet;"
                    + " servers before version 14 tell only if target_session_attrs asks for something. Whether"
                    + " it answers now, pgweir_breaker_state says.",
            Label.SERVER,
            new Label(
                    "role",
                    Stream.concat(ServerRole.KEYS.stream(), Stream.of(Label.UNKNOWN))
                            .toList())),
    LISTEN_CHANNELS(
            "pgweir_listen_channels",
            Kind.GAUGE,
            "channels",
            "Channels that clients listen on through the pool's listening backend.",
            Label.POOL),
    LISTEN_CLIENTS(
            "pgweir_listen_clients",
            Kind.GAUGE,
            "clients",
            "Clients that listen through the pool's listening backend.",
            Label.POOL),
    NOTIFICATIONS(
            "pgweir_notifications_total",
            Kind.COUNTER,
            "notifications",
            "Notifications for clients, each client counted: delivered; dropped because more than listen_buffer waited for"
                    + " the client.",
            Label.POOL,
            new Label("outcome", "delivered", "dropped")),
    NOTIFICATION_GAPS(
            "pgweir_notification_gaps_total",
            Kind.COUNTER,
            "gaps",
            "Times that a client was told with SQLSTATE 01W01 that it may have missed notifications: the listening backend"
                    + " was lost, or the client did not take them.",
            Label.POOL,
            new Label("reason", "backend_lost", "slow_client")),
    PINNED_CLIENTS(
            "pgweir_pinned_clients",
            Kind.GAUGE,
            "clients",
            "Clients that keep their backend connections, by reason; one with several reasons counts for each.",
            Label.POOL,
            new Label(
                    "reason",
                    Arrays.stream(StateKind.values()).map(StateKind::label).toList())),
    STATE_LEAKS(
            "pgweir_state_leaks_total",
            Kind.COUNTER,
            "findings",
            "State of sessions that the check at release found and no statement had announced, by what was done about it.",
            Label.POOL,
            new Label(
                    "kind",
                    Arrays.stream(StateKind.values()).map(StateKind::label).toList()),
            new Label(
                    "action",
                    Arrays.stream(StateLeaks.Action.values())
                            .map(StateLeaks.Action::label)
                            .toList())),
    ERRORS(
            "pgweir_errors_total",
            Kind.COUNTER,
            "errors",
            "Errors that clients got: type proxy, from pgweir itself (see errors.md); type postgres, passed on from PostgreSQL."
                    + " After 100 different SQLSTATEs of a type new ones count by class (23xxx), and after 50 classes as other.",
            Label.POOL,
            new Label("type", "proxy", "postgres"),
            new Label("sqlstate")),
    SLOW_STATEMENTS(
            "pgweir_slow_statements_total",
            Kind.COUNTER,
            "statements",
            "Statements that ran for slow_statement or longer: with a line in the log; without one, for slow_statement_sample or"
                    + " because there were more than 5 a second on an event loop.",
            new Label("logged", "yes", "no")),
    STATEMENTS_KEPT(
            "pgweir_statements_kept",
            Kind.GAUGE,
            "statements",
            "Statements that SHOW STATEMENTS tells apart, on all event loops together: at most statement_statistics."),
    STATEMENTS_EVICTED(
            "pgweir_statements_evicted_total",
            Kind.COUNTER,
            "statements",
            "Statements that have made room for others; their figures are part of \"other\"."),
    STATEMENTS_NOT_LOOKED_AT(
            "pgweir_statements_not_looked_at_total",
            Kind.COUNTER,
            "calls",
            "Calls of statements that are not told apart: there were too many new texts to read them all, or a statement of"
                    + " session mode was prepared unseen."),
    LOOP_LAG(
            "pgweir_event_loop_lag_seconds",
            Kind.HISTOGRAM,
            "seconds",
            "How late an event loop came to a task that was due, looked at four times a second: what everything on that loop had to"
                    + " wait then.",
            new Label("loop")),
    CLIENTS(
            "pgweir_clients",
            Kind.GAUGE,
            "clients",
            "Clients connected.",
            new Label("state", "logging_in", "logged_in")),
    CLIENTS_REFUSED(
            "pgweir_clients_refused_total",
            Kind.COUNTER,
            "clients",
            "Connections turned away because too many had not proved who they are: in all (max_unauthenticated), or from one"
                    + " address (max_unauthenticated_per_address); or because of what they had sent ahead of their logins (half of"
                    + " client_buffer_limit).",
            new Label("reason", "unauthenticated", "unauthenticated_of_address", "login_buffers")),
    CLIENT_BUFFERS(
            "pgweir_client_buffer_bytes",
            Kind.GAUGE,
            "bytes",
            "What is held of clients' messages that cannot be passed on yet: client_buffer_limit bounds it, and half of that what is"
                    + " sent ahead of logins."),
    CLIENT_STATEMENTS(
            "pgweir_client_statement_bytes",
            Kind.GAUGE,
            "bytes",
            "What the prepared statements of all clients take: each text once, and each name. Bounded by a quarter of the heap."),
    RELOADS(
            "pgweir_reloads_total",
            Kind.COUNTER,
            "reloads",
            "Times that the configuration was read again: succeeded; rejected, that is something in it was wrong and nothing was"
                    + " changed; failed, an error of pgweir's own, see the log.",
            new Label(
                    "outcome",
                    Arrays.stream(LiveConfig.Outcome.values())
                            .map(LiveConfig.Outcome::key)
                            .toList())),
    CONFIG_RELOADED_AT(
            "pgweir_config_last_reload_success_timestamp_seconds",
            Kind.GAUGE,
            "seconds",
            "When the configuration was last read without problems, in seconds since 1970; at first, the start."),
    BUFFER_MEMORY(
            "pgweir_buffer_memory_bytes",
            Kind.GAUGE,
            "bytes",
            "Memory that the allocator of network buffers holds, in use or kept for use.",
            new Label("area", "heap", "direct")),
    BUFFER_MEMORY_LIMIT(
            "pgweir_buffer_memory_limit_bytes",
            Kind.GAUGE,
            "bytes",
            "The most direct memory that network buffers may take.");

    /** How the numbers behave. */
    enum Kind {
        GAUGE,
        COUNTER,
        HISTOGRAM
    }

    /**
     * A label and its possible values.
     *
     * @param values empty if they are open
     */
    record Label(String name, List<String> values) {
        static final Label POOL = new Label("pool", List.of());
        static final String UNKNOWN = "unknown";
        static final Label SERVER = new Label("server", List.of());
        static final Label BREAKER_STATE = new Label(
                "state",
                Arrays.stream(BreakerState.values()).map(BreakerState::key).toList());

        Label(String name, String... values) {
            this(name, List.of(values));
        }
    }

    private final String exposed;
    private final Kind kind;
    private final String unit;
    private final String help;
    private final List<Label> labels;

    Metric(String exposed, Kind kind, String unit, String help, Label... labels) {
        this.exposed = exposed;
        this.kind = kind;
        this.unit = unit;
        this.help = help;
        this.labels = List.of(labels);
    }

    /** The name in Prometheus. */
    String exposed() {
        return exposed;
    }

    Kind kind() {
        return kind;
    }

    /** What is counted or measured. */
    String unit() {
        return unit;
    }

    /** One sentence or two. */
    String help() {
        return help;
    }

    List<Label> labels() {
        return labels;
    }
}
