package io.pgweir.protocol.wire;

/**
 * Type bytes of the messages a client sends (protocol chapter "Message Formats", those marked F). The startup packet
 * and its relatives have no type byte: see {@link StartupPacket}.
 */
public final class FrontendType {
    public static final byte QUERY = 'Q';
    public static final byte PARSE = 'P';
    public static final byte BIND = 'B';
    public static final byte DESCRIBE = 'D';
    public static final byte EXECUTE = 'E';
    public static final byte CLOSE = 'C';
    public static final byte SYNC = 'S';
    public static final byte FLUSH = 'H';
    public static final byte FUNCTION_CALL = 'F';
    public static final byte COPY_DATA = 'd';
    public static final byte COPY_DONE = 'c';
    public static final byte COPY_FAIL = 'f';
    public static final byte PASSWORD = 'p';
    public static final byte TERMINATE = 'X';

    private FrontendType() {}

    /** Whether the protocol defines this type in this direction. */
    public static boolean isKnown(byte type) {
        return switch (type) {
            case QUERY,
                    PARSE,
                    BIND,
                    DESCRIBE,
                    EXECUTE,
                    CLOSE,
                    SYNC,
                    FLUSH,
                    FUNCTION_CALL,
                    COPY_DATA,
                    COPY_DONE,
                    COPY_FAIL,
                    PASSWORD,
                    TERMINATE -> true;
            default -> false;
        };
    }

    /** CopyData, CopyDone or CopyFail. */
    public static boolean isCopy(byte type) {
        return type == COPY_DATA || type == COPY_DONE || type == COPY_FAIL;
    }

    /** The protocol's own name of the message, for logs and errors; unknown types give their value in hexadecimal. */
    public static String nameOf(byte type) {
        return switch (type) {
            case QUERY -> "Query";
            case PARSE -> "Parse";
            case BIND -> "Bind";
            case DESCRIBE -> "Describe";
            case EXECUTE -> "Execute";
            case CLOSE -> "Close";
            case SYNC -> "Sync";
            case FLUSH -> "Flush";
            case FUNCTION_CALL -> "FunctionCall";
            case COPY_DATA -> "CopyData";
            case COPY_DONE -> "CopyDone";
            case COPY_FAIL -> "CopyFail";
            case PASSWORD -> "PasswordMessage";
            case TERMINATE -> "Terminate";
            default -> String.format("unknown (0x%02x)", type & 0xff);
        };
    }

    /**
     * The longest body (without type and length word) that PostgreSQL takes for this type, in bytes. It bounds the
     * length word, which counts itself, hence the 4 bytes less. Types it does not know have no body: 0.
     *
     * <p>PasswordMessage is known only while a client logs in; a SASL exchange has the lower bound {@link
     * Limits#SASL_MESSAGE}.
     */
    public static int maxBodyLength(byte type) {
        return switch (type) {
            case QUERY, PARSE, BIND, FUNCTION_CALL, COPY_DATA -> Limits.LARGE_MESSAGE - 4;
            case DESCRIBE, EXECUTE, CLOSE, SYNC, FLUSH, COPY_DONE, COPY_FAIL, TERMINATE -> Limits.SMALL_MESSAGE - 4;
            case PASSWORD -> Limits.PREAUTH_MESSAGE - 4;
            default -> 0;
        };
    }
}
