package io.pgweir.protocol.sql;

/** What a statement is, as far as its first keywords tell. */
public enum StatementKind {
    /** Nothing but white space, comments and semicolons. */
    EMPTY,
    SELECT,
    VALUES,
    /** A query or a data change: WITH does not tell. */
    WITH,
    TABLE,
    SHOW,
    INSERT,
    UPDATE,
    DELETE,
    MERGE,
    /** BEGIN or START TRANSACTION, with any options. */
    BEGIN,
    /** COMMIT or END, with any options. */
    COMMIT,
    /** ROLLBACK or ABORT, with any options. */
    ROLLBACK,
    SAVEPOINT,
    RELEASE,
    /** ROLLBACK TO SAVEPOINT. */
    ROLLBACK_TO,
    PREPARE_TRANSACTION,
    COMMIT_PREPARED,
    ROLLBACK_PREPARED,
    /** SET that outlives the transaction, SET SESSION CHARACTERISTICS, SET CONSTRAINTS. */
    SET,
    SET_LOCAL,
    SET_TRANSACTION,
    RESET,
    DEALLOCATE,
    DISCARD,
    PREPARE,
    EXECUTE,
    DECLARE,
    FETCH,
    CLOSE,
    LISTEN,
    UNLISTEN,
    NOTIFY,
    COPY,
    CREATE,
    /** CREATE of a temporary object. */
    CREATE_TEMP,
    DROP,
    ALTER,
    TRUNCATE,
    VACUUM,
    ANALYZE,
    EXPLAIN,
    CALL,
    DO,
    LOAD,
    LOCK,
    /** Anything else, correct or not. */
    OTHER
}
