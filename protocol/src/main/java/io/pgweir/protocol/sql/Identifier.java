package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.Limits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads an SQL identifier: folds plain ones to lower case (ASCII only), unquotes others, cuts at 63 bytes. */
final class Identifier {
    private Identifier() {}

    /**
     * The identifier that is exactly this token, or null: another kind of token, unterminated, empty, with a zero byte, or
     * not UTF-8.
     */
    static @Nullable String read(ByteBuf sql, int start, int end) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(Limits.NAME);
        boolean complete = sql.getByte(start) == '"' ? quoted(sql, start, end, bytes) : plain(sql, start, end, bytes);
        return complete && bytes.size() > 0 ? decode(bytes.toByteArray()) : null;
    }

    private static boolean plain(ByteBuf sql, int start, int end, ByteArrayOutputStream bytes) {
        if (!SqlLexer.isWordStart(sql.getByte(start)) || SqlLexer.wordEnd(sql, start, end) != end) {
            return false;
        }
        for (int at = start; at < end; at++) {
            byte c = sql.getByte(at);
            bytes.write(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
        return true;
    }

    private static boolean quoted(ByteBuf sql, int start, int end, ByteArrayOutputStream bytes) {
        for (int at = start + 1; at < end; at++) {
            byte c = sql.getByte(at);
            if (c == '"') {
                if (at + 1 == end) {
                    return true;
                }
                at++; // a doubled quote: the lexer ends the token at any other
            } else if (c == 0) {
                return false;
            }
            bytes.write(c);
        }
        return false;
    }

    private static @Nullable String decode(byte[] bytes) {
        int length = bytes.length;
        if (length > Limits.NAME) {
            length = Limits.NAME;
            while (length > 0 && (bytes[length] & 0xc0) == 0x80) {
                length--; // not in the middle of a character
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
