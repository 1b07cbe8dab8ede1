package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** SQL text inside a larger buffer, whose other bytes would change every answer if they were read. */
record Sql(ByteBuf buf, int from, int to) {
    private static final byte[] BEFORE = "'\"/*$$(e".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AFTER = "x*/ '\";$$ 1);".getBytes(StandardCharsets.US_ASCII);

    static Sql of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    static Sql of(byte[] text) {
        ByteBuf buf = Unpooled.wrappedBuffer(BEFORE, text, AFTER);
        return new Sql(Unpooled.copiedBuffer(buf), BEFORE.length, BEFORE.length + text.length);
    }

    StatementKind kind() {
        return SqlScanner.classify(buf, from, to);
    }

    /** Relative to the start of the text. */
    int end(boolean standardStrings) {
        return SqlScanner.endOfFirstStatement(buf, from, to, standardStrings) - from;
    }

    boolean single() {
        return SqlScanner.isSingleStatement(buf, from, to);
    }
}
