package io.pgweir.proxy.session;

import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.settings.ClientAuth;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.UserConfig;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Decides how a client proves who it is, and against what. Thread-safe. */
final class Authenticator {
    private static final int SALT_BYTES = 16;

    private final LiveConfig live;
    private final Executor offload;
    private final SecureRandom random = new SecureRandom();
    private final byte[] mockKey = new byte[32];
    private final Map<String, Derived> secrets = new ConcurrentHashMap<>();

    /** What has been made of a password; another password needs another. */
    private record Derived(Secret password, CompletableFuture<ScramSecret> secret) {}

    Authenticator(LiveConfig live, Executor offload) {
        this.live = live;
        this.offload = offload;
        random.nextBytes(mockKey);
    }

    ClientAuth method() {
        return live.config().clientAuth();
    }

    /**
     * What SCRAM proves knowledge of. A user without a password, or an unknown one, gets a secret that nothing matches, so
     * that the exchange looks the same. Derived once for each password, off the event loops.
     */
    CompletableFuture<ScramSecret> secretOf(String user) {
        UserConfig configured = live.config().user(user);
        Secret password = configured == null ? null : configured.password();
        if (password == null) {
            secrets.remove(user);
            return CompletableFuture.completedFuture(ScramSecret.mock(mockKey, user));
        }
        Derived known = secrets.get(user);
        if (known != null && known.password.equals(password)) {
            return known.secret;
        }
        return secrets.compute(
                        user,
                        (name, now) -> now != null && now.password.equals(password)
                                ? now
                                : new Derived(password, CompletableFuture.supplyAsync(() -> derive(password), offload)))
                .secret;
    }

    private ScramSecret derive(Secret password) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return ScramSecret.derive(password.reveal(), salt, ScramSecret.DEFAULT_ITERATIONS);
    }
}
