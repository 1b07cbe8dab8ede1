package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The time limits that count for one client: the pool's, unless the operator made an exception for its user or
 * application, and what the client itself asks for on top.
 */
public enum ClientLimit {
    POOL_TIMEOUT(Settings.POOL_TIMEOUT),
    STATEMENT_TIMEOUT(Settings.STATEMENT_TIMEOUT),
    TRANSACTION_TIMEOUT(Settings.TRANSACTION_TIMEOUT),
    IDLE_IN_TRANSACTION_TIMEOUT(Settings.IDLE_IN_TRANSACTION_TIMEOUT),
    CLIENT_IDLE_TIMEOUT(Settings.CLIENT_IDLE_TIMEOUT);

    private final Setting<Duration> setting;

    ClientLimit(Setting<Duration> setting) {
        this.setting = setting;
    }

    /** Its row in the table of settings. */
    public Setting<Duration> setting() {
        return setting;
    }

    /** As it is written everywhere, for example {@code pool_timeout}. */
    public String label() {
        return setting.name();
    }

    /** The limit of this name, or null. */
    public static @Nullable ClientLimit of(String name) {
        return Arrays.stream(values())
                .filter(limit -> limit.label().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** All names, in their order. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(ClientLimit::label).toList();
    }

    /** Whether zero means that there is no limit; for {@code pool_timeout} it is the shortest of all. */
    public boolean mayBeOff() {
        return this != POOL_TIMEOUT;
    }

    /** What is in force for a client that asks for {@code wish} where {@code most} is allowed. */
    public Duration narrowed(Duration most, Duration wish) {
        if (mayBeOff() && most.isZero()) {
            return wish;
        }
        if (mayBeOff() && wish.isZero()) {
            return most;
        }
        return wish.compareTo(most) < 0 ? wish : most;
    }

    /**
     * Reads what a client writes.
     *
     * @throws IllegalArgumentException with a sentence for people if it is no value of this limit
     */
    public Duration parse(String text) {
        try {
            return setting.type().parse(text);
        } catch (BadValue e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** The text that reads back as {@code value}. */
    public String text(Duration value) {
        return setting.type().text(value);
    }
}
