package io.pgweir.proxy.auth;

import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.StoredPassword;
import io.pgweir.proxy.settings.UserConfig;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Knows what a client's proof is held against: from the configuration, else from the database. Thread-safe. */
public final class Authenticator {
    private static final int SALT_BYTES = 16;

    private record Owned(String user, StoredPassword.Plain password) {}

    private final LiveConfig live;
    private final Executor offload;
    private final AuthQueries queries;
    private final Credentials credentials;
    private final SecureRandom random = new SecureRandom();
    private final byte[] mockKey = new byte[32];
    private volatile int iterations;
    private final Map<Owned, CompletableFuture<ScramSecret>> derived = new ConcurrentHashMap<>();

    /** @param offload runs the derivation of keys, which takes too long for an event loop */
    public Authenticator(LiveConfig live, Executor offload, AuthQueries queries, Credentials credentials) {
        this.live = live;
        this.offload = offload;
        this.queries = queries;
        this.credentials = credentials;
        random.nextBytes(mockKey);
        configured();
    }

    /** Something else is configured: what has been made of passwords that are not there any more is forgotten. */
    public void configured() {
        ProxyConfig config = live.config();
        iterations = iterations(config);
        derived.keySet().removeIf(owned -> !owned.password.equals(stored(config, owned.user)));
        // Now, so that a first login does not take longer than one of a user who does not exist.
        config.users().keySet().forEach(this::prepare);
        config.databases().stream()
                .map(DatabaseConfig::user)
                .filter(user -> user != null)
                .forEach(this::prepare);
    }

    /** What most users are challenged with: that of passwords, else of the first verifier. */
    private static int iterations(ProxyConfig config) {
        int found = 0;
        for (UserConfig user : config.users().values()) {
            StoredPassword stored = StoredPassword.of(user.password());
            if (stored instanceof StoredPassword.Plain) {
                return ScramSecret.DEFAULT_ITERATIONS;
            } else if (stored instanceof StoredPassword.Verifier verifier && found == 0) {
                found = verifier.scram().iterations();
            }
        }
        return found == 0 ? ScramSecret.DEFAULT_ITERATIONS : found;
    }

    private void prepare(String user) {
        if (stored(live.config(), user) instanceof StoredPassword.Plain plain) {
            secretOf(user, plain);
        }
    }

    private static @Nullable StoredPassword stored(ProxyConfig config, String user) {
        UserConfig known = config.user(user);
        return known == null ? null : StoredPassword.of(known.password());
    }

    /**
     * What a client's proof is held against. For somebody who does not exist it looks the same. Completes on any thread, and
     * exceptionally with {@link LookupFailed} if it cannot be found out.
     *
     * @param from where the client is
     */
    public CompletableFuture<Expected> expected(String database, String user, Network from) {
        StoredPassword known = stored(live.config(), user);
        if (known instanceof StoredPassword.Plain plain) {
            return secretOf(user, plain).thenApply(secret -> new Expected(user, plain, secret));
        }
        AuthQuery query = known == null ? queries.of(database) : null;
        if (query != null) {
            return query.find(user, from).thenApply(found -> expected(user, found, query.iterations()));
        }
        AuthQuery any = known == null ? queries.any() : null;
        if (any == null) {
            return CompletableFuture.completedFuture(expected(user, known, iterations));
        }
        return any.find(user, from).handle((found, failure) -> challenge(user, found, any.iterations()));
    }

    /**
     * Where no database is asked nobody comes in whom the configuration does not know; but who exists elsewhere is challenged as
     * there, or salts would tell who does.
     */
    private Expected challenge(String user, @Nullable StoredPassword elsewhere, int count) {
        return new Expected(user, null, expected(user, elsewhere, count).scram());
    }

    private Expected expected(String user, @Nullable StoredPassword stored, int count) {
        ScramSecret scram = stored instanceof StoredPassword.Verifier verifier
                ? verifier.scram()
                : ScramSecret.mock(mockKey, user, count);
        return new Expected(user, stored, scram);
    }

    private CompletableFuture<ScramSecret> secretOf(String user, StoredPassword.Plain plain) {
        return derived.computeIfAbsent(
                new Owned(user, plain),
                missing -> CompletableFuture.supplyAsync(
                        () -> {
                            byte[] salt = new byte[SALT_BYTES];
                            random.nextBytes(salt);
                            return ScramSecret.derive(plain.password().reveal(), salt, ScramSecret.DEFAULT_ITERATIONS);
                        },
                        offload));
    }

    /** The proof of a client was right: its backends may be opened with what it has brought. */
    public void proved(String database, Expected expected, @Nullable ScramKeys keys) {
        DatabaseConfig known = live.config().database(database);
        StoredPassword stored = expected.stored();
        if (known != null && stored != null) {
            credentials.of(known, expected.user()).proved(stored, keys);
        }
    }

    /** The proof of a client was wrong: if the database was asked a while ago, the password may be another by now. */
    public void disproved(String database, String user) {
        AuthQuery query = stored(live.config(), user) == null ? queries.of(database) : null;
        if (query != null) {
            query.doubt(user);
        }
    }
}
