package io.pgweir.proxy.settings;

import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The configuration in force, and the one place that publishes it. What it gives out never changes: whoever needs several
 * values that belong together takes the configuration once. Thread-safe; reading it is reading a field.
 */
public final class LiveConfig {
    /** What has come of reading the configuration again. */
    public enum Outcome {
        SUCCEEDED("succeeded"),
        /** Something in it was wrong, and nothing was changed. */
        REJECTED("rejected"),
        /** An error that was not expected. */
        FAILED("failed");

        private final String key;

        Outcome(String key) {
            this.key = key;
        }

        /** As metrics call it. */
        public String key() {
            return key;
        }
    }

    private record Version(long number, LoadedConfig loaded, ProxyConfig config) {}

    private final Clock clock = Clock.systemUTC();
    private final AtomicLongArray outcomes = new AtomicLongArray(Outcome.values().length);
    private volatile Version version;
    private volatile Instant succeededAt = clock.instant();

    /** @param first without problems */
    public LiveConfig(LoadedConfig first) {
        version = new Version(1, first, first.config().orElseThrow());
    }

    public ProxyConfig config() {
        return version.config;
    }

    /** The same with the place of each value. */
    public LoadedConfig loaded() {
        return version.loaded;
    }

    /** 1 at the start, and one more with each change. */
    public long number() {
        return version.number;
    }

    /**
     * From now on this is in force. One thread at a time.
     *
     * @param next without problems
     */
    public void publish(LoadedConfig next) {
        version = new Version(version.number + 1, next, next.config().orElseThrow());
    }

    /** The configuration has been read again. */
    public void count(Outcome outcome) {
        outcomes.incrementAndGet(outcome.ordinal());
        if (outcome == Outcome.SUCCEEDED) {
            succeededAt = clock.instant();
        }
    }

    /** How often that came of it; the start does not count. */
    public long counted(Outcome outcome) {
        return outcomes.get(outcome.ordinal());
    }

    /** When it was last read without problems; at first, at the start. */
    public Instant succeededAt() {
        return succeededAt;
    }
}
