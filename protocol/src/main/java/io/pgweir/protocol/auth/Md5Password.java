package io.pgweir.protocol.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The answer to AuthenticationMD5Password (protocol chapter "Start-up"). */
public final class Md5Password {
    private Md5Password() {}

    /**
     * {@code md5} and the hexadecimal of md5(hex(md5(password user)) salt).
     *
     * @param salt the 4 bytes of the request
     */
    public static String hash(String user, String password, byte[] salt) {
        byte[] inner = md5((password + user).getBytes(StandardCharsets.UTF_8), new byte[0]);
        byte[] hex = HexFormat.of().formatHex(inner).getBytes(StandardCharsets.US_ASCII);
        return "md5" + HexFormat.of().formatHex(md5(hex, salt));
    }

    private static byte[] md5(byte[] text, byte[] salt) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            digest.update(text);
            return digest.digest(salt);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no MD5", e);
        }
    }
}
