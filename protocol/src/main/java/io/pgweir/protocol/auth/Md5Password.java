package io.pgweir.protocol.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The answer to AuthenticationMD5Password (protocol chapter "Start-up"), and what servers keep to verify it. */
public final class Md5Password {
    private static final String PREFIX = "md5";
    private static final int STORED_LENGTH = 35;

    private Md5Password() {}

    /**
     * {@code md5} and the hexadecimal of md5(hex(md5(password user)) salt).
     *
     * @param salt the 4 bytes of the request
     */
    public static String hash(String user, String password, byte[] salt) {
        return answer(stored(user, password), salt);
    }

    /** What pg_authid.rolpassword has: {@code md5} and the hexadecimal of md5(password user). As good as the password. */
    public static String stored(String user, String password) {
        return PREFIX + hex((password + user).getBytes(StandardCharsets.UTF_8), new byte[0]);
    }

    /**
     * The answer of whoever knows what is stored, or the password.
     *
     * @param stored as {@link #stored} gives it
     */
    public static String answer(String stored, byte[] salt) {
        return PREFIX + hex(stored.substring(PREFIX.length()).getBytes(StandardCharsets.US_ASCII), salt);
    }

    /** Whether a text has the form of {@link #stored}. */
    public static boolean isStored(String text) {
        return text.length() == STORED_LENGTH
                && text.startsWith(PREFIX)
                && text.chars().skip(PREFIX.length()).allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    private static String hex(byte[] text, byte[] salt) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            digest.update(text);
            return HexFormat.of().formatHex(digest.digest(salt));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no MD5", e);
        }
    }
}
