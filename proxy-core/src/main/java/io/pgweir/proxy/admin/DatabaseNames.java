package io.pgweir.proxy.admin;

import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Suggestions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The databases that commands may name: whatever clients may ask for, or have asked for when it was configured. */
final class DatabaseNames {
    private final LiveConfig live;
    private final PoolDirectory pools;

    DatabaseNames(AdminConsole.Subject subject) {
        this.live = subject.live();
        this.pools = subject.pools();
    }

    /** @throws ConsoleFailure if clients could not ask for it, and there is nothing of it */
    String known(@Nullable String name) {
        ProxyConfig config = live.config();
        String written = String.valueOf(name);
        boolean there = config.database(written) != null || pools.knows(written);
        if (!there || written.equals(DatabaseConfig.ANY)) {
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
