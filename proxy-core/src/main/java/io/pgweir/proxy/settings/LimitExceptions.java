package io.pgweir.proxy.settings;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The operator's exceptions from the limits of a pool, for users and for applications. The application's counts before the
 * user's, and the user's before whatever the pool has. An exception may be wider than the pool's limit. Immutable once the
 * configuration is read.
 *
 * <p>An application is what the client calls itself in {@code application_name}. A name that ends in {@code *} stands for
 * all that begin so; of several that fit, the exact one counts, else the longest.
 */
public final class LimitExceptions {
    static final String ANY_END = "*";

    private final Map<String, Layer> users = new LinkedHashMap<>();
    private final Map<String, Layer> applications = new LinkedHashMap<>();

    LimitExceptions() {}

    Map<String, Layer> users() {
        return users;
    }

    Map<String, Layer> applications() {
        return applications;
    }

    /** What counts for a client. {@code application} is null if it does not say. */
    public Limits limits(PoolSettings pool, String user, @Nullable String application) {
        return pool.limits().with(users.get(user)).with(application == null ? null : forApplication(application));
    }

    private @Nullable Layer forApplication(String application) {
        Layer best = applications.get(application);
        if (best == null) {
            int length = 0;
            for (Map.Entry<String, Layer> entry : applications.entrySet()) {
                String name = entry.getKey();
                boolean fits = name.endsWith(ANY_END) && application.startsWith(name.substring(0, name.length() - 1));
                if (fits && name.length() > length) {
                    length = name.length();
                    best = entry.getValue();
                }
            }
        }
        return best;
    }

    /** Whether it makes a difference what a client calls itself. */
    public boolean dependOnApplication() {
        return !applications.isEmpty();
    }
}
