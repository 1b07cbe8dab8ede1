package io.pgweir.proxy.session;

import io.pgweir.proxy.settings.ClientLimit;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for by pgweir's own settings. Immutable.
 *
 * @param limits those it has an opinion about
 * @param label what it wants to be called; null: nothing
 */
record Wishes(Map<ClientLimit, Duration> limits, @Nullable String label) {
    static final Wishes NONE = new Wishes(Map.of(), null);

    /** These with another opinion about {@code limit}; null: none. */
    Wishes with(ClientLimit limit, @Nullable Duration wish) {
        Map<ClientLimit, Duration> changed = new EnumMap<>(ClientLimit.class);
        changed.putAll(limits);
        if (wish == null) {
            changed.remove(limit);
        } else {
            changed.put(limit, wish);
        }
        return new Wishes(Collections.unmodifiableMap(changed), label);
    }

    Wishes withLabel(@Nullable String text) {
        return new Wishes(limits, text);
    }
}
