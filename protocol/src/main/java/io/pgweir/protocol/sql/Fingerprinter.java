package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.RawTokens.Token;
import org.jspecify.annotations.Nullable;

/**
 * Tells statements apart by their form: two executions that differ in values, white space, comments, the case of keywords
 * or the length of their lists are one. The hash allocates nothing; the text is for people and for the moment when somebody
 * asks. Text without an end (cut off, malformed) has a fingerprint too. Linear time; not for several threads at a time.
 *
 * <p>No literal ever gets into the text: numbers, strings of all forms, and the values of SET become {@code ?}, comments are
 * left out, and where it depends on settings or encodings whether a string has ended, the text stops. Names stay, quoted
 * ones cut at the 63 bytes that PostgreSQL uses.
 */
public final class Fingerprinter {
    /** No more of a statement is looked at, in bytes. */
    public static final int LOOKED_AT = 16 << 10;

    private static final long FNV_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final NormalTokens tokens = new NormalTokens(Unpooled.EMPTY_BUFFER);

    /** 64 bits of hash. Positions are absolute, {@code to} is exclusive and leaves out the terminating zero. */
    public long hash(ByteBuf sql, int from, int to, boolean standardStrings) {
        tokens.over(sql, from, Math.min(to, from + LOOKED_AT), standardStrings);
        long hash = FNV_BASIS;
        boolean semicolon = false;
        for (Token token = tokens.next(); token != Token.END; token = tokens.next()) {
            RawTokens raw = tokens.raw();
            if (token == Token.SYMBOL && raw.isSymbol(';')) {
                semicolon = true;
                continue;
            }
            if (semicolon) {
                semicolon = false;
                hash = mix(hash, (byte) ';');
            }
            switch (token) {
                case WORD -> hash = mixWord(mix(hash, (byte) 1), raw);
                case IDENTIFIER -> hash = mixBytes(mix(hash, (byte) 2), raw);
                case SYMBOL -> hash = mixBytes(hash, raw);
                default -> hash = mix(hash, (byte) 3);
            }
        }
        tokens.over(Unpooled.EMPTY_BUFFER, 0, 0, true);
        return hash;
    }

    private static long mix(long hash, byte b) {
        return (hash ^ (b & 0xff)) * FNV_PRIME;
    }

    private static long mixBytes(long hash, RawTokens raw) {
        long mixed = hash;
        for (int i = raw.start(); i < raw.end(); i++) {
            mixed = mix(mixed, raw.sql().getByte(i));
        }
        return mixed;
    }

    private static long mixWord(long hash, RawTokens raw) {
        long mixed = hash;
        for (int i = raw.start(); i < raw.end(); i++) {
            byte c = raw.sql().getByte(i);
            mixed = mix(mixed, c >= 'A' && c <= 'Z' ? (byte) (c | 0x20) : c);
        }
        return mixed;
    }

    /**
     * A shortened, readable form on one line: {@code select ... from "User" where id = $1}.
     *
     * @param longest in characters, at least 8
     */
    public String text(ByteBuf sql, int from, int to, boolean standardStrings, int longest) {
        tokens.over(sql, from, Math.min(to, from + LOOKED_AT), standardStrings);
        FingerprintText text = new FingerprintText();
        boolean semicolon = false;
        for (Token token = tokens.next(); token != Token.END; token = tokens.next()) {
            if (token == Token.SYMBOL && tokens.raw().isSymbol(';')) {
                semicolon = true;
                continue;
            }
            if (semicolon) {
                semicolon = false;
                text.semicolon();
            }
            append(text, token, tokens.keyword());
            if (tokens.raw().isAmbiguous()) {
                text.breakOff();
                break;
            }
        }
        tokens.over(Unpooled.EMPTY_BUFFER, 0, 0, true);
        return text.shortened(longest);
    }

    private void append(FingerprintText text, Token token, @Nullable Keyword keyword) {
        RawTokens raw = tokens.raw();
        switch (token) {
            case WORD -> text.word(raw, keyword, tokens.depth());
            case IDENTIFIER -> text.identifier(raw);
            case PARAMETER -> text.parameter(raw);
            case SYMBOL -> text.symbol(raw, tokens.depth());
            default -> text.value(raw);
        }
    }
}
