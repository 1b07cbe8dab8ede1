package io.pgweir.protocol.sql;

/**
 * Which parameter a SET or RESET changes, and for how long. The value is left out: the server reports it, or the statement
 * is replayed as it stands.
 *
 * @param name the parameter in lower case; the special forms give the parameter they stand for ({@code timezone}, {@code
 *     client_encoding}, {@code search_path}, {@code role}, {@code session_authorization}, {@code xmloption}, {@code
 *     transaction_isolation}); for {@code RESET_ALL} it is {@code all}; for {@code OTHER} it is {@code transaction}, {@code
 *     session characteristics} or {@code constraints}
 */
public record SettingChange(Kind kind, String name) {
    public enum Kind {
        /** Until the session ends, or until a rollback of the current transaction. */
        SET,
        /** Until the transaction ends. */
        SET_LOCAL,
        RESET,
        RESET_ALL,
        /** SET TRANSACTION, SET SESSION CHARACTERISTICS, SET CONSTRAINTS. */
        OTHER
    }
}
