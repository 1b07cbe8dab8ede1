package io.pgweir.protocol.auth;

import io.pgweir.protocol.wire.Limits;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a client needs to log in with SCRAM-SHA-256 for one salt and iteration count: worth keeping, since deriving it is
 * the expensive step, and as worth protecting as the password.
 */
public record ScramKeys(byte[] clientKey, byte[] serverKey) {
    /**
     * Runs PBKDF2: about a millisecond for 4096 iterations, so keep it off event loops.
     *
     * @param iterations 1 to {@link Limits#SCRAM_ITERATIONS}
     */
    public static ScramKeys derive(String password, byte[] salt, int iterations) {
        return Objects.requireNonNull(derive(password, salt, iterations, () -> false));
    }

    /**
     * The same for whoever may lose interest meanwhile: the most iterations that a server may ask for take a second.
     *
     * @param abandoned asked now and then; once it says true, no more work is done
     * @return null if it was abandoned
     */
    public static @Nullable ScramKeys derive(String password, byte[] salt, int iterations, BooleanSupplier abandoned) {
        if (iterations < 1 || iterations > Limits.SCRAM_ITERATIONS) {
            throw new IllegalArgumentException("iterations out of range: " + iterations);
        }
        byte[] salted = ScramCrypto.saltedPassword(Saslprep.prepare(password), salt, iterations, abandoned);
        return salted == null
                ? null
                : new ScramKeys(ScramCrypto.hmac(salted, "Client Key"), ScramCrypto.hmac(salted, "Server Key"));
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "ScramKeys[...]";
    }
}
