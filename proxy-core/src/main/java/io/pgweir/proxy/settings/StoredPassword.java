package io.pgweir.proxy.settings;

import io.pgweir.protocol.auth.Md5Password;
import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.protocol.wire.Limits;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is known of a user's password, in one of the forms that pg_authid.rolpassword knows, or in plain. Immutable. */
public sealed interface StoredPassword {
    /** What a verifier begins with. */
    String SCRAM_PREFIX = "SCRAM-SHA-256$";

    /** Nobody's password, but for a hash that was not copied well. */
    Pattern LIKE_MD5 = Pattern.compile("md5[0-9a-fA-F]{24,40}");

    /** The password itself. */
    record Plain(Secret password) implements StoredPassword {
        @Override
        public String kind() {
            return "the password";
        }
    }

    /**
     * A SCRAM verifier: a client's proof can be checked with it, but nobody can log in with it.
     *
     * @param text as it stands in pg_authid
     */
    record Verifier(Secret text, ScramSecret scram) implements StoredPassword {
        @Override
        public String kind() {
            return "a SCRAM verifier";
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Verifier that && text.equals(that.text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }
    }

    /** The hash of password and user's name, with which one can log in by MD5. */
    record Md5(Secret hash) implements StoredPassword {
        @Override
        public String kind() {
            return "an MD5 hash";
        }
    }

    /** In words, with its article. */
    String kind();

    /**
     * Why a password of the configuration would not be what it looks like; null: it is. It would count as the password itself, and
     * nobody could log in; the text is never repeated.
     */
    static @Nullable String problem(@Nullable Secret secret) {
        if (secret == null || !(of(secret) instanceof Plain)) {
            return null;
        }
        String text = secret.reveal();
        if (text.startsWith(SCRAM_PREFIX)) {
            return "the password begins as a SCRAM verifier and is none: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey"
                    + " with 1 to " + Limits.SCRAM_ITERATIONS
                    + " iterations; copy all of it from pg_authid.rolpassword";
        }
        if (LIKE_MD5.matcher(text).matches()) {
            return "the password looks like an MD5 hash and is none: md5 and 32 digits or small letters from a to f; this has "
                    + (text.length() - 3) + " behind md5; copy all of it from pg_authid.rolpassword";
        }
        return null;
    }

    /** What a text is, judged as PostgreSQL does; null: there is none. */
    static @Nullable StoredPassword of(@Nullable Secret secret) {
        if (secret == null || secret.reveal().isEmpty()) {
            return null;
        }
        String text = secret.reveal();
        if (Md5Password.isStored(text)) {
            return new Md5(secret);
        }
        if (text.startsWith(SCRAM_PREFIX)) {
            try {
                return new Verifier(secret, ScramSecret.parse(text));
            } catch (IllegalArgumentException e) {
                return new Plain(secret); // somebody's password may begin so
            }
        }
        return new Plain(secret);
    }
}
