package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers what a setting's value is, through the layers that apply, strongest first, and then the default. */
final class Values {
    /** The place of what nobody gives. */
    static final String DEFAULT = "default";

    private final List<Layer> strongestFirst;

    Values(List<Layer> strongestFirst) {
        this.strongestFirst = List.copyOf(strongestFirst);
    }

    /** The value, for settings with a default. */
    <T> T get(Setting<T> setting) {
        T given = find(setting);
        return given == null ? setting.defaultValue() : given;
    }

    /** The value, or null if nobody gives one. */
    @SuppressWarnings("unchecked") // a layer keeps what the setting's own type has parsed
    <T> @Nullable T find(Setting<T> setting) {
        Layer.Given given = Layer.find(setting, strongestFirst);
        return given == null ? null : (T) given.value();
    }

    /** Where the value stands, or {@code default}. */
    String where(Setting<?> setting) {
        Layer.Given given = Layer.find(setting, strongestFirst);
        return given == null ? DEFAULT : given.where();
    }

    /** The place of the source that gives it among all, the strongest being 0; behind all if none does. */
    int rank(Setting<?> setting) {
        int rank = 0;
        while (rank < strongestFirst.size() && !strongestFirst.get(rank).has(setting)) {
            rank++;
        }
        return rank;
    }

    /** The value as text, secrets hidden. */
    <T> String text(Setting<T> setting) {
        T given = find(setting);
        return given == null ? setting.defaultLabel() : setting.type().text(given);
    }

    PoolSettings pool() {
        return new PoolSettings(
                get(Settings.POOL_MODE),
                get(Settings.CONNECTION_LIMIT),
                get(Settings.MIN_CONNECTIONS),
                get(Settings.QUEUE_LIMIT),
                get(Settings.CONNECT_TIMEOUT),
                Limits.of(limit -> get(limit.setting())),
                get(Settings.BACKEND_IDLE_TIMEOUT),
                get(Settings.BACKEND_LIFETIME),
                get(Settings.IDLE_CHECK_INTERVAL),
                get(Settings.RETRY),
                get(Settings.BEGIN),
                new ListenSettings(
                        get(Settings.LISTEN_MODE), get(Settings.LISTEN_EXTRA_CONNECTION), get(Settings.LISTEN_BUFFER)),
                get(Settings.PREPARED_STATEMENT_LIMIT),
                get(ClientBoundsSettings.CLIENT_STATEMENT_LIMIT),
                new ErrorCodes(
                        get(Settings.POOL_TIMEOUT_SQLSTATE),
                        get(Settings.BACKEND_UNAVAILABLE_SQLSTATE),
                        get(Settings.BACKEND_LOST_SQLSTATE),
                        get(Settings.STATEMENT_TIMEOUT_SQLSTATE),
                        get(Settings.TRANSACTION_TIMEOUT_SQLSTATE),
                        get(Settings.IDLE_IN_TRANSACTION_TIMEOUT_SQLSTATE)),
                statePolicy(),
                new HostChoice(get(Settings.TARGET_SESSION_ATTRS), get(Settings.LOAD_BALANCE_HOSTS)),
                get(Settings.SHUFFLE));
    }

    private StatePolicy statePolicy() {
        return new StatePolicy(
                get(Settings.ON_UNSAFE_STATE),
                get(Settings.MAX_PINNED),
                get(Settings.PINNED_IDLE_TIMEOUT),
                get(Settings.STATE_CHECK),
                get(Settings.STATE_CHECK_SAMPLE),
                get(Settings.SEQUENCE_STATE));
    }

    BreakerSettings breaker() {
        return new BreakerSettings(
                get(Settings.BREAKER_FAILURES),
                get(Settings.BREAKER_FAILURE_RATE),
                get(Settings.BREAKER_MIN_EVENTS),
                get(Settings.BREAKER_WINDOW),
                get(Settings.BREAKER_COOLDOWN),
                get(Settings.BREAKER_COOLDOWN_MAX),
                get(Settings.BREAKER_RAMP));
    }

    /** Reports a breaker whose values contradict each other. */
    void checkBreaker(Problems problems) {
        Duration first = get(Settings.BREAKER_COOLDOWN);
        Duration longest = get(Settings.BREAKER_COOLDOWN_MAX);
        if (first.compareTo(longest) > 0) {
            boolean firstGiven = find(Settings.BREAKER_COOLDOWN) != null;
            problems.add(
                    where(firstGiven ? Settings.BREAKER_COOLDOWN : Settings.BREAKER_COOLDOWN_MAX),
                    "breaker_cooldown is " + Durations.text(first) + ", longer than breaker_cooldown_max, which is "
                            + Durations.text(longest) + " (" + where(Settings.BREAKER_COOLDOWN_MAX)
                            + "): lower one or raise the other");
        }
    }

    /** Reports values that contradict each other. */
    void checkPool(Problems problems) {
        int limit = get(Settings.CONNECTION_LIMIT);
        int min = get(Settings.MIN_CONNECTIONS);
        if (min > limit) {
            boolean minGiven = find(Settings.MIN_CONNECTIONS) != null;
            problems.add(
                    where(minGiven ? Settings.MIN_CONNECTIONS : Settings.CONNECTION_LIMIT),
                    "min_connections is " + min + ", more than connection_limit, which is " + limit + " ("
                            + where(Settings.CONNECTION_LIMIT) + "): lower one or raise the other");
        }
        Duration statement = get(Settings.STATEMENT_TIMEOUT);
        Duration transaction = get(Settings.TRANSACTION_TIMEOUT);
        if (!transaction.isZero() && statement.compareTo(transaction) > 0) {
            problems.note(
                    where(Settings.STATEMENT_TIMEOUT),
                    "statement_timeout (" + Durations.text(statement) + ") is longer than transaction_timeout ("
                            + Durations.text(transaction)
                            + "), which therefore ends long statements in transactions first");
        }
    }
}
