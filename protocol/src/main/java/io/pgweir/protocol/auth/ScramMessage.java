package io.pgweir.protocol.auth;

import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A cursor over a SCRAM message: comma-separated attributes of the form {@code name=value} (RFC 5802, section 7). Text is
 * kept as ISO 8859-1, so that every byte survives and goes unchanged into the signed AuthMessage.
 */
final class ScramMessage {
    private final String text;
    private int at;

    ScramMessage(byte[] message, int limit) {
        if (message.length > limit) {
            throw malformed("it is longer than " + limit + " bytes");
        }
        text = new String(message, StandardCharsets.ISO_8859_1);
        if (text.isEmpty() || text.indexOf('\0') >= 0) {
            throw malformed("it is empty or holds a zero byte");
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static ProtocolViolation malformed(String detail) {
        return new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message: " + detail);
    }

    int position() {
        return at;
    }

    boolean atEnd() {
        return at >= text.length();
    }

    String from(int start) {
        return text.substring(start);
    }

    String between(int start, int end) {
        return text.substring(start, end);
    }

    /** The next character, or 0 at the end. */
    char peek() {
        return atEnd() ? 0 : text.charAt(at);
    }

    void expect(char c) {
        if (peek() != c) {
            throw malformed("'" + c + "' expected");
        }
        at++;
    }

    /** The name of the attribute at the cursor. */
    char name() {
        char name = peek();
        boolean letter = (name >= 'a' && name <= 'z') || (name >= 'A' && name <= 'Z');
        if (!letter || at + 1 >= text.length() || text.charAt(at + 1) != '=') {
            throw malformed("attribute expected");
        }
        return name;
    }

    /** The value of the attribute at the cursor; moves behind it and its comma. */
    String any() {
        name();
        int comma = text.indexOf(',', at);
        int end = comma < 0 ? text.length() : comma;
        String value = text.substring(at + 2, end);
        at = end + 1;
        if (comma == text.length() - 1) {
            throw malformed("it ends with a comma");
        }
        return value;
    }

    /** The value of an attribute that must come now. */
    String value(char name) {
        if (peek() != name) {
            throw malformed("attribute '" + name + "' expected");
        }
        return any();
    }

    /** Skips what the RFC lets a peer append. */
    void skipExtensions() {
        while (!atEnd()) {
            any();
        }
    }

    /** A nonce: printable ASCII without comma, bounded. */
    String nonce() {
        String nonce = value('r');
        if (nonce.isEmpty() || nonce.length() > Limits.SCRAM_NONCE) {
            throw malformed("nonce of " + nonce.length() + " characters");
        }
        if (!nonce.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw malformed("non-printable characters in nonce");
        }
        return nonce;
    }

    static byte[] base64(String value, String what) {
        try {
            return Base64.getDecoder().decode(value);
        } catch (IllegalArgumentException e) {
            throw malformed(what + " is no base64");
        }
    }
}
