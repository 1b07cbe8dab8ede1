package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The keywords the scanner knows. Found by length and first letter, without allocation. */
enum Keyword {
    ABORT,
    ALL,
    ALTER,
    ANALYSE,
    ANALYZE,
    ARRAY,
    AS,
    ATOMIC,
    AUTHORIZATION,
    BEGIN,
    CALL,
    CASE,
    CHARACTERISTICS,
    CLOSE,
    COMMIT,
    COMMITTED,
    CONSTRAINTS,
    COPY,
    CREATE,
    CURRENT,
    DEALLOCATE,
    DECLARE,
    DEFAULT,
    DEFERRABLE,
    DELETE,
    DISCARD,
    DO,
    DROP,
    END,
    EXECUTE,
    EXPLAIN,
    FETCH,
    FROM,
    FUNCTION,
    GLOBAL,
    HOLD,
    IN,
    INSERT,
    INTO,
    ISOLATION,
    LEVEL,
    LISTEN,
    LOAD,
    LOCAL,
    LOCK,
    MERGE,
    NAMES,
    NOT,
    NOTIFY,
    ONLY,
    OPTION,
    OR,
    PLANS,
    PREPARE,
    PREPARED,
    PROCEDURE,
    READ,
    RELEASE,
    REPEATABLE,
    REPLACE,
    RESET,
    ROLE,
    ROLLBACK,
    SAVEPOINT,
    SCHEMA,
    SELECT,
    SEQUENCES,
    SERIALIZABLE,
    SESSION,
    SET,
    SHOW,
    SNAPSHOT,
    START,
    TABLE,
    TEMP,
    TEMPORARY,
    TIME,
    TO,
    TRANSACTION,
    TRUE,
    TRUNCATE,
    UNCOMMITTED,
    UNLISTEN,
    UPDATE,
    VACUUM,
    VALUES,
    WITH,
    WORK,
    WRITE,
    XML,
    ZONE;

    private static final int LONGEST = 16;
    private static final Keyword[][] BY_LETTER_AND_LENGTH = new Keyword[26 * (LONGEST + 1)][];

    static {
        Arrays.fill(BY_LETTER_AND_LENGTH, new Keyword[0]);
        for (Keyword keyword : values()) {
            int slot = slot(keyword.text[0], keyword.text.length);
            Keyword[] others = BY_LETTER_AND_LENGTH[slot];
            Keyword[] all = Arrays.copyOf(others, others.length + 1);
            all[others.length] = keyword;
            BY_LETTER_AND_LENGTH[slot] = all;
        }
    }

    private final byte[] text = name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);

    private static int slot(int letter, int length) {
        return (letter - 'a') * (LONGEST + 1) + length;
    }

    /** The keyword that is exactly the bytes from {@code start} to {@code end}, in any case; null if none is. */
    static @Nullable Keyword at(ByteBuf sql, int start, int end) {
        int length = end - start;
        if (length < 1 || length > LONGEST) {
            return null;
        }
        int letter = lower(sql.getByte(start));
        if (letter < 'a' || letter > 'z') {
            return null;
        }
        for (Keyword keyword : BY_LETTER_AND_LENGTH[slot(letter, length)]) {
            if (keyword.matches(sql, start)) {
                return keyword;
            }
        }
        return null;
    }

    private boolean matches(ByteBuf sql, int start) {
        for (int i = 1; i < text.length; i++) {
            if (lower(sql.getByte(start + i)) != text[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte lower(byte c) {
        return c >= 'A' && c <= 'Z' ? (byte) (c | 0x20) : c;
    }
}
