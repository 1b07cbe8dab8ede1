package io.pgweir.protocol.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** The formulas of RFC 5802, section 3, with SHA-256. */
final class ScramCrypto {
    static final int KEY_LENGTH = 32;
    /** Raw length; PostgreSQL uses the same. */
    private static final int NONCE_LENGTH = 18;
    /** Iterations between two looks whether anybody still wants the result: about a millisecond. */
    private static final int ROUND = 1024;

    private ScramCrypto() {}

    static byte[] hmac(byte[] key, byte[]... parts) {
        Mac mac = mac(key);
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    static byte[] hmac(byte[] key, String text) {
        return hmac(key, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            // HMAC pads keys with zeros, so one zero is the empty key, which SecretKeySpec refuses.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no HmacSHA256", e);
        }
    }

    static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    /** Hi() of the RFC: PBKDF2 with one block; null if abandoned. The JDK's takes characters, and SASLprep gives bytes. */
    static byte @Nullable [] saltedPassword(byte[] password, byte[] salt, int iterations, BooleanSupplier abandoned) {
        if (abandoned.getAsBoolean()) {
            return null;
        }
        Mac mac = mac(password);
        mac.update(salt);
        byte[] block = mac.doFinal(new byte[] {0, 0, 0, 1});
        byte[] sum = block.clone();
        for (int i = 1; i < iterations; i++) {
            if (i % ROUND == 0 && abandoned.getAsBoolean()) {
                return null;
            }
            block = mac.doFinal(block);
            for (int b = 0; b < sum.length; b++) {
                sum[b] ^= block[b];
            }
        }
        return sum;
    }

    static byte[] xor(byte[] left, byte[] right) {
        byte[] result = left.clone();
        for (int i = 0; i < result.length; i++) {
            result[i] ^= right[i];
        }
        return result;
    }

    static String newNonce() {
        byte[] random = new byte[NONCE_LENGTH];
        new SecureRandom().nextBytes(random);
        return base64(random);
    }

    static String base64(byte[] data) {
        return Base64.getEncoder().encodeToString(data);
    }
}
