package io.pgweir.protocol.sql;

/**
 * What a statement may do to its session beyond its result and the tables, as far as its text tells. Several at once are
 * a mask of {@link #bit}s, as {@link SessionEffectReader} gives it.
 */
public enum SessionEffect {
    /** Calls set_config for the session, with a name that can be read. */
    SETTING,
    /** Calls set_config for the session, with a name that is computed. */
    COMPUTED_SETTING,
    /** RESET, or SET to DEFAULT. */
    RESET,
    /** SET, RESET or set_config of a name with a dot. */
    CUSTOM_SETTING,
    /** Creates a temporary object. */
    TEMPORARY_OBJECT,
    /** Takes an advisory lock that belongs to the session. */
    ADVISORY_LOCK,
    /** DECLARE of a cursor that outlives its transaction. */
    HOLDABLE_CURSOR,
    /** PREPARE. */
    PREPARED_STATEMENT,
    /** LISTEN. */
    LISTEN,
    /** LOAD. */
    LIBRARY,
    /** Calls currval or lastval. */
    SEQUENCE_READ,
    /** May advance a sequence: nextval, setval, INSERT, MERGE, COPY, the user's own code. */
    SEQUENCE_ADVANCE,
    /** Runs code of the user's: DO, CALL, EXECUTE. */
    CODE,
    /** Calls a function that is not one of PostgreSQL's common ones. */
    FUNCTION,
    /** May make a temporary object without saying so: CREATE, or there is more text than was looked at. */
    PERHAPS_TEMPORARY,
    /** May remove what one of the others has made. */
    REMOVAL,
    /** Calls set_config, for the session or the transaction, with a name that is computed or has no dot. */
    PLAIN_SETTING;

    /** All that make state that cannot be carried to another backend. */
    public static final int UNSAFE = TEMPORARY_OBJECT.bit()
            | ADVISORY_LOCK.bit()
            | HOLDABLE_CURSOR.bit()
            | PREPARED_STATEMENT.bit()
            | LISTEN.bit()
            | LIBRARY.bit();

    /** Its bit in a mask. */
    public int bit() {
        return 1 << ordinal();
    }

    /** Whether {@code mask} has it. */
    public boolean in(int mask) {
        return (mask & bit()) != 0;
    }
}
