package io.pgweir.proxy.session;

import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.settings.ClientAuth;
import io.pgweir.proxy.settings.ProxyConfig;
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

    private final ProxyConfig config;
    private final Executor offload;
    private final SecureRandom random = new SecureRandom();
    private final byte[] mockKey = new byte[32];
    private final Map<String, CompletableFuture<ScramSecret>> secrets = new ConcurrentHashMap<>();

    Authenticator(ProxyConfig config, Executor offload) {
        this.config = config;
        this.offload = offload;
        random.nextBytes(mockKey);
    }

    ClientAuth method() {
        return config.clientAuth();
    }

    /**
     * What SCRAM proves knowledge of. A user without a password, or an unknown one, gets a secret that nothing matches, so
     * that the exchange looks the same. Derived once, off the event loops.
     */
    CompletableFuture<ScramSecret> secretOf(String user) {
        UserConfig known = config.user(user);
        Secret password = known == null ? null : known.password();
        if (password == null) {
            return CompletableFuture.completedFuture(ScramSecret.mock(mockKey, user));
        }
        return secrets.computeIfAbsent(
                user,
                name -> CompletableFuture.supplyAsync(
                        () -> {
                            byte[] salt = new byte[SALT_BYTES];
                            random.nextBytes(salt);
                            return ScramSecret.derive(password.reveal(), salt, ScramSecret.DEFAULT_ITERATIONS);
                        },
                        offload));
    }
}
