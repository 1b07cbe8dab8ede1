package io.pgweir.proxy.settings;

import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.Address;
import io.pgweir.proxy.settings.ValueType.Choice;
import io.pgweir.proxy.settings.ValueType.ErrorCode;
import io.pgweir.proxy.settings.ValueType.Names;
import io.pgweir.proxy.settings.ValueType.Switch;
import io.pgweir.proxy.settings.ValueType.Text;
import io.pgweir.proxy.settings.ValueType.Time;
import io.pgweir.proxy.settings.ValueType.Whole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table of all settings: the single source of flags, environment, YAML, URL parameters, defaults and help. */
public final class Settings {
    private static final List<Setting<?>> TABLE = new ArrayList<>();
    private static final Duration LONGEST = Durations.LONGEST;

    public static final Setting<String> CONFIG = global(
            Change.RESTART,
            Group.DATABASE,
            "config",
            file(),
            null,
            "YAML file to read; config.example.yaml documents every key");
    public static final Setting<String> DATABASE_URL = global(
            Group.DATABASE,
            "database_url",
            new Text("URL", true),
            null,
            "database to pool: postgresql://user:password@host:5432/db");
    public static final Setting<String> DATABASE_URL_FILE =
            global(Group.DATABASE, "database_url_file", file(), null, "file that holds the database URL");

    public static final Setting<TargetSessionAttrs> TARGET_SESSION_ATTRS = pool(
            Change.REPLACES,
            Group.DATABASE,
            "target_session_attrs",
            new Choice<>(TargetSessionAttrs.class),
            "any",
            "what a host must be to be used, as in libpq");
    public static final Setting<LoadBalanceHosts> LOAD_BALANCE_HOSTS = pool(
            Change.REPLACES,
            Group.DATABASE,
            "load_balance_hosts",
            new Choice<>(LoadBalanceHosts.class),
            "disable",
            "backends go to the first such host, or to any by chance");

    public static final Setting<Optional<HostPort>> LISTEN = global(
            Change.RESTART,
            Group.LISTENERS,
            "listen",
            new Address(false),
            "127.0.0.1:6432",
            "address that PostgreSQL clients connect to");
    public static final Setting<Optional<HostPort>> HTTP = global(
            Change.RESTART,
            Group.LISTENERS,
            "http",
            new Address(true),
            "127.0.0.1:6433",
            "address of health, metrics and dashboard");
    public static final Setting<Boolean> REUSE_PORT = global(
            Change.RESTART,
            Group.LISTENERS,
            "reuse_port",
            new Switch(),
            "false",
            "other processes of the same user may listen on both addresses; the newest takes new clients (Linux)");

    public static final Setting<ClientAuth> CLIENT_AUTH = global(
            Change.NEW_CLIENTS,
            Group.CLIENTS,
            "client_auth",
            new Choice<>(ClientAuth.class),
            "scram",
            "how clients prove who they are");
    public static final Setting<Integer> MAX_CLIENTS =
            global(Group.CLIENTS, "max_clients", count(1, 1_000_000), "10000", "most clients connected at one time");
    public static final Setting<Integer> MAX_POOLS = global(
            Group.CLIENTS,
            "max_pools",
            count(1, 100_000),
            "1000",
            "most pools (database, user) at one time; a login that needs one more is refused");
    public static final Setting<Duration> CLIENT_LOGIN_TIMEOUT = global(
            Change.NEW_CLIENTS, Group.CLIENTS, "client_login_timeout", positive(), "15s", "longest login of a client");
    public static final Setting<Set<String>> ADMIN_USERS = global(
            Change.NEW_CLIENTS,
            Group.CLIENTS,
            "admin_users",
            new Names(),
            null,
            "users who may use the whole admin console");
    public static final Setting<Set<String>> STATS_USERS = global(
            Change.NEW_CLIENTS,
            Group.CLIENTS,
            "stats_users",
            new Names(),
            null,
            "users who may use its SHOW commands; else the URL's user");

    public static final Setting<PoolMode> POOL_MODE = pool(
            Change.RESTART,
            Group.POOL,
            "pool_mode",
            new Choice<>(PoolMode.class),
            "transaction",
            "when a client gives its backend back");
    public static final Setting<Integer> CONNECTION_LIMIT = pool(
            Group.POOL,
            "connection_limit",
            count(1, 10_000),
            "20",
            "backends per pool (database, user), never exceeded");
    public static final Setting<Integer> MIN_CONNECTIONS =
            pool(Group.POOL, "min_connections", count(0, 10_000), "0", "backends kept open without need");
    public static final Setting<Duration> POOL_TIMEOUT = client(
            Group.POOL,
            "pool_timeout",
            new Time(Duration.ZERO, LONGEST, null),
            "30s",
            "longest wait for a backend, connects included; 0 = no wait");
    public static final Setting<Integer> QUEUE_LIMIT = pool(
            Group.POOL,
            "queue_limit",
            count(0, 1_000_000),
            "1000",
            "clients that may wait; the next one fails at once");
    public static final Setting<Duration> CONNECT_TIMEOUT = pool(
            Change.NEW_BACKENDS,
            Group.POOL,
            "connect_timeout",
            positive(),
            "10s",
            "longest TCP connect and login of one backend");
    public static final Setting<Duration> BACKEND_IDLE_TIMEOUT = pool(
            Group.POOL,
            "backend_idle_timeout",
            orOff(),
            "10m",
            "longest time a backend above min_connections idles; 0 = off",
            "max_idle_connection_lifetime");
    public static final Setting<Duration> BACKEND_LIFETIME = pool(
            Group.POOL,
            "backend_lifetime",
            orOff(),
            "1h",
            "age at which an idle backend is replaced; 0 = off",
            "max_connection_lifetime");
    public static final Setting<Duration> IDLE_CHECK_INTERVAL = pool(
            Group.POOL,
            "idle_check_interval",
            orOff(),
            "30s",
            "time after which an idle backend is asked whether it answers; 0 = off");
    public static final Setting<BeginMode> BEGIN = pool(
            Group.POOL,
            "begin",
            new Choice<>(BeginMode.class),
            "defer",
            "a BEGIN alone waits for a statement (defer) or takes a backend");
    public static final Setting<ListenMode> LISTEN_MODE = pool(
            Change.RESTART,
            Group.POOL,
            "listen_mode",
            new Choice<>(ListenMode.class),
            "multiplex",
            "LISTEN through one backend for all clients, or on one of its own");
    public static final Setting<Boolean> LISTEN_EXTRA_CONNECTION = pool(
            Change.RESTART,
            Group.POOL,
            "listen_extra_connection",
            new Switch(),
            "false",
            "the listening backend is one more than connection_limit");
    public static final Setting<Integer> LISTEN_BUFFER = pool(
            Change.NEW_CLIENTS,
            Group.POOL,
            "listen_buffer",
            count(1024, 1 << 30),
            "1048576",
            "bytes of notifications that may wait for one client");
    public static final Setting<Integer> PREPARED_STATEMENT_LIMIT = pool(
            Change.NEW_BACKENDS,
            Group.POOL,
            "prepared_statement_limit",
            count(1, 100_000),
            "200",
            "prepared statements kept on one backend, recently used first");
    public static final Setting<UnsafeState> ON_UNSAFE_STATE = pool(
            Group.STATE,
            "on_unsafe_state",
            new Choice<>(UnsafeState.class),
            "pin",
            "a statement that makes state which cannot follow its client: the client keeps its backend, the statement is"
                    + " refused, or the state is discarded after the transaction");
    public static final Setting<Integer> MAX_PINNED = pool(
            Group.STATE,
            "max_pinned",
            new Whole(0, 10_000, "auto"),
            "auto",
            "clients that may keep their backends for such state; auto = connection_limit less one, at least 1");
    public static final Setting<Duration> PINNED_IDLE_TIMEOUT = pool(
            Group.STATE,
            "pinned_idle_timeout",
            orOff(),
            "off",
            "longest pause of a client that keeps its backend for such state, then FATAL 57P05; 0 = off");
    public static final Setting<StateCheck> STATE_CHECK = pool(
            Group.STATE,
            "state_check",
            new Choice<>(StateCheck.class),
            "suspicious",
            "when a backend is asked for state that no statement has announced");
    public static final Setting<Integer> STATE_CHECK_SAMPLE = pool(
            Group.STATE,
            "state_check_sample",
            new Whole(0, 100, null),
            "1",
            "percentage of statements calling functions of the user's after which settings are asked for as well");
    public static final Setting<SequenceState> SEQUENCE_STATE = pool(
            Change.NEW_CLIENTS,
            Group.STATE,
            "sequence_state",
            new Choice<>(SequenceState.class),
            "learn",
            "clients that keep their backends for currval and lastval: those that have used them, or all");
    public static final Setting<Boolean> SHUFFLE = hidden(
            Change.RESTART,
            "shuffle",
            new Switch(),
            "false",
            "for tests: a client never gets the backend that it had last");

    public static final Setting<Duration> STATEMENT_TIMEOUT =
            client(Group.LIMITS, "statement_timeout", orOff(), "30s", "longest statement; 0 = off", "socket_timeout");
    public static final Setting<Duration> TRANSACTION_TIMEOUT =
            client(Group.LIMITS, "transaction_timeout", orOff(), "30s", "longest transaction; 0 = off");
    public static final Setting<Duration> IDLE_IN_TRANSACTION_TIMEOUT = client(
            Group.LIMITS,
            "idle_in_transaction_timeout",
            orOff(),
            "10s",
            "longest pause of a client inside a transaction; 0 = off");
    public static final Setting<Duration> CLIENT_IDLE_TIMEOUT = client(
            Group.LIMITS,
            "client_idle_timeout",
            orOff(),
            "off",
            "longest pause of a client outside of transactions; 0 = off");

    public static final Setting<RetryMode> RETRY = pool(
            Change.NEW_CLIENTS,
            Group.FAILURES,
            "retry",
            new Choice<>(RetryMode.class),
            "connect",
            "what is tried again: connects, and with safe also reads whose backend is lost");
    public static final Setting<Integer> BREAKER_FAILURES = global(
            Group.FAILURES,
            "breaker_failures",
            count(1, 1000),
            "3",
            "connects to a server that fail in a row and open its breaker; one that exceeds connect_timeout is enough");
    public static final Setting<Integer> BREAKER_FAILURE_RATE = global(
            Group.FAILURES,
            "breaker_failure_rate",
            count(1, 100),
            "50",
            "percentage of connections that fail or are lost within breaker_window and open the breaker");
    public static final Setting<Integer> BREAKER_MIN_EVENTS = global(
            Group.FAILURES,
            "breaker_min_events",
            count(1, 1_000_000),
            "10",
            "connections within breaker_window below which their percentage does not count");
    public static final Setting<Duration> BREAKER_WINDOW =
            global(Group.FAILURES, "breaker_window", positive(), "10s", "time over which connections are counted");
    public static final Setting<Duration> BREAKER_COOLDOWN = global(
            Group.FAILURES, "breaker_cooldown", positive(), "100ms", "pause before the first probe, less chance");
    public static final Setting<Duration> BREAKER_COOLDOWN_MAX = global(
            Group.FAILURES,
            "breaker_cooldown_max",
            positive(),
            "400ms",
            "pause between probes that it doubles up to, less chance");
    public static final Setting<Duration> BREAKER_RAMP = global(
            Group.FAILURES,
            "breaker_ramp",
            new Time(Duration.ZERO, LONGEST, null),
            "2s",
            "time in which the limit grows back after an outage; 0 = at once");

    public static final Setting<String> POOL_TIMEOUT_SQLSTATE = code(
            "pool_timeout_sqlstate", SqlState.TOO_MANY_CONNECTIONS, "no backend within pool_timeout, or queue full");
    public static final Setting<String> BACKEND_UNAVAILABLE_SQLSTATE =
            code("backend_unavailable_sqlstate", SqlState.CANNOT_CONNECT_NOW, "no backend can be opened");
    public static final Setting<String> BACKEND_LOST_SQLSTATE =
            code("backend_lost_sqlstate", SqlState.CONNECTION_FAILURE, "a backend died under a statement");
    public static final Setting<String> STATEMENT_TIMEOUT_SQLSTATE =
            code("statement_timeout_sqlstate", SqlState.QUERY_CANCELED, "statement_timeout exceeded");
    public static final Setting<String> TRANSACTION_TIMEOUT_SQLSTATE =
            code("transaction_timeout_sqlstate", SqlState.TRANSACTION_TIMEOUT, "transaction_timeout exceeded");
    public static final Setting<String> IDLE_IN_TRANSACTION_TIMEOUT_SQLSTATE = code(
            "idle_in_transaction_timeout_sqlstate",
            SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            "idle_in_transaction_timeout exceeded");

    static {
        TABLE.addAll(ProcessSettings.rows());
        TABLE.addAll(HttpSettings.rows());
        TABLE.addAll(TlsSettings.rows());
        TABLE.addAll(StatementSettings.rows());
        TABLE.addAll(ClientBoundsSettings.rows());
        TABLE.addAll(AuthSettings.rows());
    }

    private Settings() {}

    /** All settings, in the order of help and reference. */
    public static List<Setting<?>> all() {
        return Collections.unmodifiableList(TABLE);
    }

    /** The setting of this name (a YAML key), or null. */
    public static @Nullable Setting<?> byName(String name) {
        return TABLE.stream().filter(s -> s.name().equals(name)).findFirst().orElse(null);
    }

    /** The pool setting that a URL parameter stands for, or null. */
    static @Nullable Setting<?> byUrlParameter(String parameter) {
        return TABLE.stream()
                .filter(s -> s.scope().isOfPools())
                .filter(s -> s.name().equals(parameter) || s.urlAliases().contains(parameter))
                .findFirst()
                .orElse(null);
    }

    /** The names of all settings that are not hidden. */
    static List<String> names() {
        return TABLE.stream().filter(s -> !s.hidden()).map(Setting::name).toList();
    }

    /** The names of those that a database may have its own value of. */
    static List<String> namesOfPools() {
        return TABLE.stream()
                .filter(s -> !s.hidden() && s.scope().isOfPools())
                .map(Setting::name)
                .toList();
    }

    private static <T> Setting<T> global(
            Group group, String name, ValueType<T> type, @Nullable String defaultText, String description) {
        return global(Change.AT_ONCE, group, name, type, defaultText, description);
    }

    private static <T> Setting<T> global(
            Change change,
            Group group,
            String name,
            ValueType<T> type,
            @Nullable String defaultText,
            String description) {
        return add(new Setting<>(name, group, Scope.GLOBAL, type, defaultText, List.of(), false, change, description));
    }

    private static <T> Setting<T> pool(
            Group group, String name, ValueType<T> type, String defaultText, String description, String... aliases) {
        return pool(Change.AT_ONCE, group, name, type, defaultText, description, aliases);
    }

    private static <T> Setting<T> pool(
            Change change,
            Group group,
            String name,
            ValueType<T> type,
            String defaultText,
            String description,
            String... aliases) {
        List<String> all = List.of(aliases);
        return add(new Setting<>(name, group, Scope.POOL, type, defaultText, all, false, change, description));
    }

    private static <T> Setting<T> client(
            Group group, String name, ValueType<T> type, String defaultText, String description, String... aliases) {
        return add(new Setting<>(name, group, Scope.CLIENT, type, defaultText, List.of(aliases), false, description));
    }

    private static Setting<String> code(String name, SqlState state, String description) {
        return pool(Group.ERRORS, name, new ErrorCode(), state.code(), description);
    }

    private static <T> Setting<T> hidden(
            Change change, String name, ValueType<T> type, String defaultText, String description) {
        return add(
                new Setting<>(name, Group.POOL, Scope.POOL, type, defaultText, List.of(), true, change, description));
    }

    private static <T> Setting<T> add(Setting<T> setting) {
        TABLE.add(setting);
        return setting;
    }

    private static Whole count(int min, int max) {
        return new Whole(min, max, null);
    }

    private static Time positive() {
        return new Time(Duration.ofMillis(1), LONGEST, null);
    }

    private static Time orOff() {
        return new Time(Duration.ZERO, LONGEST, "off");
    }

    private static Text file() {
        return new Text("FILE", false);
    }
}
