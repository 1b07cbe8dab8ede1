package io.pgweir.proxy.auth;

import io.pgweir.protocol.auth.Md5Password;
import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.settings.StoredPassword;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * What a client's proof is held against.
 *
 * @param user whom it is about
 * @param stored what is known of the password; null: there is no such user, or none with a password
 * @param scram what SCRAM is done with; if there is no such user, or only an MD5 hash, one that no password fits
 */
public record Expected(String user, @Nullable StoredPassword stored, ScramSecret scram) {
    /** The hash that MD5 must be done with; null: it is done by SCRAM. */
    public @Nullable String md5Hash() {
        return stored instanceof StoredPassword.Md5 md5 ? md5.hash().reveal() : null;
    }

    /** Whether an answer to an MD5 challenge is right. */
    public boolean isRight(byte[] answer, byte[] salt) {
        String hash = md5Hash();
        return hash != null
                && MessageDigest.isEqual(answer, Md5Password.answer(hash, salt).getBytes(StandardCharsets.US_ASCII));
    }

    /** What a password is. Null: wrong; else keys, which are of use where a verifier is stored. Takes a millisecond or more. */
    public @Nullable ScramKeys check(String password) {
        // The same work whoever it is, so that its length tells nothing.
        ScramKeys keys = ScramKeys.derive(password, scram.salt(), scram.iterations());
        String hash = md5Hash();
        boolean right = hash == null
                ? scram.fits(keys)
                : MessageDigest.isEqual(
                        hash.getBytes(StandardCharsets.US_ASCII),
                        Md5Password.stored(user, password).getBytes(StandardCharsets.US_ASCII));
        return right && stored != null && !password.isEmpty() ? keys : null;
    }
}
