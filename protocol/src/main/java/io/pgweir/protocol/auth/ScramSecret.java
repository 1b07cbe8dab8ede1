package io.pgweir.protocol.auth;

import io.pgweir.protocol.wire.Limits;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server keeps to verify a SCRAM-SHA-256 login: pg_authid.rolpassword. It does not allow to log in as the user,
 * but to impersonate the server and to guess offline: keep it out of logs.
 *
 * @param iterations of PBKDF2
 * @param salt any length up to {@link Limits#SCRAM_SALT}
 * @param storedKey 32 bytes
 * @param serverKey 32 bytes
 */
public record ScramSecret(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
    /** PostgreSQL's default. */
    public static final int DEFAULT_ITERATIONS = 4096;

    private static final int SALT_LENGTH = 16;
    private static final Pattern FORMAT =
            Pattern.compile("SCRAM-SHA-256\\$([0-9]{1,9}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

    /** @throws IllegalArgumentException if a part is out of bounds */
    public ScramSecret {
        if (iterations < 1
                || iterations > Limits.SCRAM_ITERATIONS
                || salt.length == 0
                || salt.length > Limits.SCRAM_SALT
                || storedKey.length != ScramCrypto.KEY_LENGTH
                || serverKey.length != ScramCrypto.KEY_LENGTH) {
            throw invalid();
        }
    }

    /** The secret of a password. Runs PBKDF2, like {@link ScramKeys#derive}. */
    public static ScramSecret derive(String password, byte[] salt, int iterations) {
        return of(ScramKeys.derive(password, salt, iterations), salt, iterations);
    }

    /** The secret that belongs to a client's keys. */
    public static ScramSecret of(ScramKeys keys, byte[] salt, int iterations) {
        return new ScramSecret(iterations, salt, ScramCrypto.sha256(keys.clientKey()), keys.serverKey());
    }

    /**
     * Reads {@code SCRAM-SHA-256$iterations:salt$storedKey:serverKey}.
     *
     * @throws IllegalArgumentException if it is not that; the message does not repeat it
     */
    public static ScramSecret parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        if (text.length() > 1024 || !parts.matches()) {
            throw invalid();
        }
        Base64.Decoder base64 = Base64.getDecoder();
        try {
            return new ScramSecret(
                    Integer.parseInt(parts.group(1)),
                    base64.decode(parts.group(2)),
                    base64.decode(parts.group(3)),
                    base64.decode(parts.group(4)));
        } catch (IllegalArgumentException e) {
            throw invalid();
        }
    }

    private static IllegalArgumentException invalid() {
        return new IllegalArgumentException(
                "not a SCRAM secret: expected SCRAM-SHA-256$iterations:salt$storedKey:serverKey");
    }

    /** Whether these keys are the ones that the secret was made of. */
    public boolean fits(ScramKeys keys) {
        return MessageDigest.isEqual(ScramCrypto.sha256(keys.clientKey()), storedKey)
                && MessageDigest.isEqual(keys.serverKey(), serverKey);
    }

    /** The form {@link #parse} reads. */
    public String format() {
        return "SCRAM-SHA-256$" + iterations + ":" + ScramCrypto.base64(salt) + "$" + ScramCrypto.base64(storedKey)
                + ":" + ScramCrypto.base64(serverKey);
    }

    /**
     * A secret for a user that does not exist, so that a login of theirs runs like any other and fails at its end. The
     * salt depends on nothing but the arguments: asking twice does not tell. No password fits.
     *
     * @param serverKey random bytes of this installation, secret, and the same after a restart
     */
    public static ScramSecret mock(byte[] serverKey, String user) {
        return mock(serverKey, user, DEFAULT_ITERATIONS);
    }

    /** @param iterations those of existing users */
    public static ScramSecret mock(byte[] serverKey, String user, int iterations) {
        byte[] salt = Arrays.copyOf(ScramCrypto.hmac(serverKey, "salt:" + user), SALT_LENGTH);
        return new ScramSecret(
                iterations,
                salt,
                ScramCrypto.hmac(serverKey, "stored:" + user),
                ScramCrypto.hmac(serverKey, "server:" + user));
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "ScramSecret[iterations=" + iterations + ", ...]";
    }
}
