package io.pgweir.proxy.backend;

/**
 * What a message sent to PostgreSQL obliges it to answer ("Message Flow"). Stored as single bytes in a
 * {@link ReplyQueue}.
 */
final class Reply {
    /** Nothing is owed. */
    static final byte NONE = 0;

    static final byte PARSE = 1;
    static final byte BIND = 2;
    static final byte DESCRIBE = 3;
    static final byte EXECUTE = 4;
    static final byte CLOSE = 5;
    static final byte SYNC = 6;
    static final byte QUERY = 7;
    static final byte FUNCTION = 8;

    /** CopyDone or CopyFail: answered by nothing of its own, but ends the copy for what follows. */
    static final byte COPY_END = 9;

    /** A reply that pgweir makes itself when its turn comes. */
    static final byte MADE_PARSE_COMPLETE = 10;

    static final byte MADE_CLOSE_COMPLETE = 11;

    /** The same, and what it is made of is the business of its {@link StatementChange}. */
    static final byte MADE = 12;

    /** Set on replies that are not the client's. */
    static final int SWALLOW = 0x40;

    /** Set on replies that complete or undo a {@link StatementChange}. */
    static final int STATEMENT = 0x20;

    /** Set on an Execute that goes on where another one of the same portal has stopped. */
    static final int CONTINUED = 0x80;

    /** Set on a Query whose text cannot begin a COPY; the same bit, as the other one is never a Query's. */
    static final int WITHOUT_COPY = CONTINUED;

    private static final int KIND = 0x1f;

    private Reply() {}

    static byte kind(byte reply) {
        return (byte) (reply & KIND);
    }

    static boolean isSwallowed(byte reply) {
        return (reply & SWALLOW) != 0;
    }

    /** Whether PostgreSQL has no reason to ask the client for data. */
    static boolean isWithoutCopyIn(byte reply) {
        byte kind = kind(reply);
        boolean query = kind == QUERY && (reply & WITHOUT_COPY) == 0;
        return isSwallowed(reply) || !(query || kind == EXECUTE);
    }

    static boolean changesStatement(byte reply) {
        return (reply & STATEMENT) != 0;
    }

    static boolean isContinued(byte reply) {
        return kind(reply) == EXECUTE && (reply & CONTINUED) != 0;
    }

    /** True for the messages that PostgreSQL answers with ReadyForQuery. */
    static boolean endsWithReady(byte reply) {
        byte kind = kind(reply);
        return kind == SYNC || kind == QUERY || kind == FUNCTION;
    }

    static String name(byte reply) {
        String[] names = {
            "nothing",
            "ParseComplete",
            "BindComplete",
            "a description",
            "the end of Execute",
            "CloseComplete",
            "ReadyForQuery of Sync",
            "ReadyForQuery of Query",
            "ReadyForQuery of FunctionCall",
            "the end of COPY",
            "ParseComplete of ours",
            "CloseComplete of ours",
            "a reply of ours"
        };
        return names[kind(reply)];
    }
}
