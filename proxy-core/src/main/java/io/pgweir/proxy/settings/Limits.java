package io.pgweir.proxy.settings;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A value for every {@link ClientLimit}. Immutable. */
public final class Limits {
    private final Duration[] values;

    private Limits(Duration[] values) {
        this.values = values;
    }

    /** The limits that {@code value} gives, each at least zero. */
    public static Limits of(Function<ClientLimit, Duration> value) {
        return new Limits(Arrays.stream(ClientLimit.values()).map(value).toArray(Duration[]::new));
    }

    /** At least zero; zero is off, or for {@code pool_timeout}: do not wait. */
    public Duration of(ClientLimit limit) {
        return values[limit.ordinal()];
    }

    /** These, but those of {@code exception} where it has some. */
    Limits with(@Nullable Layer exception) {
        return exception == null
                ? this
                : of(limit -> {
                    Layer.Given given = exception.get(limit.setting());
                    return given == null ? of(limit) : (Duration) given.value();
                });
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Limits that && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }
}
