package io.pgweir.proxy.admin;

import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Suggestions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The databases that commands may name: whatever clients may ask for. */
final class DatabaseNames {
    private final LiveConfig live;

    DatabaseNames(LiveConfig live) {
        this.live = live;
    }

    /** @throws ConsoleFailure if clients could not ask for it */
    String known(@Nullable String name) {
        ProxyConfig config = live.config();
        String written = String.valueOf(name);
        if (config.database(written) == null || written.equals(DatabaseConfig.ANY)) {
            List<String> names =
                    config.databases().stream().map(DatabaseConfig::name).toList();
            throw ConsoleError.UNKNOWN_DATABASE.failure(written, Suggestions.didYouMean(written, names));
        }
        return written;
    }

    /** The same, and null for all. */
    @Nullable
    String knownOrAll(@Nullable String name) {
        return name == null ? null : known(name);
    }
}
