package io.pgweir.protocol.auth;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/**
 * SASLprep (RFC 4013) of passwords, as PostgreSQL applies it: pure ASCII is taken as it is, and a password that the
 * profile refuses is used unprepared instead of failing.
 */
public final class Saslprep {
    private Saslprep() {}

    /** The bytes that go into SCRAM for this password: prepared UTF-8, or plain UTF-8 where preparation fails. */
    public static byte[] prepare(String password) {
        byte[] raw = password.getBytes(StandardCharsets.UTF_8);
        if (raw.length == password.length()) {
            return raw; // ASCII: every character took one byte
        }
        int[] mapped = password.codePoints()
                .filter(c ->
                        StringprepTable.NON_ASCII_SPACE.contains(c) || !StringprepTable.MAPPED_TO_NOTHING.contains(c))
                .map(c -> StringprepTable.NON_ASCII_SPACE.contains(c) ? ' ' : c)
                .toArray();
        if (mapped.length == 0 || isProhibited(mapped) || isBidiViolation(mapped)) {
            return raw;
        }
        String text = new String(mapped, 0, mapped.length);
        return Normalizer.normalize(text, Normalizer.Form.NFKC).getBytes(StandardCharsets.UTF_8);
    }

    // The RFC checks the normalized text; PostgreSQL checks what goes into normalization, and both ends must agree.

    private static boolean isProhibited(int[] text) {
        for (int c : text) {
            if (StringprepTable.PROHIBITED.contains(c) || StringprepTable.UNASSIGNED.contains(c)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBidiViolation(int[] text) {
        boolean rightToLeft = false;
        boolean leftToRight = false;
        for (int c : text) {
            rightToLeft |= StringprepTable.RIGHT_TO_LEFT.contains(c);
            leftToRight |= StringprepTable.LEFT_TO_RIGHT.contains(c);
        }
        return rightToLeft
                && (leftToRight
                        || !StringprepTable.RIGHT_TO_LEFT.contains(text[0])
                        || !StringprepTable.RIGHT_TO_LEFT.contains(text[text.length - 1]));
    }
}
