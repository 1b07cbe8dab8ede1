package io.pgweir.protocol.wire;

import org.jspecify.annotations.Nullable;

/** The SQLSTATEs a proxy reports or reacts to, under PostgreSQL's condition names (appendix "PostgreSQL Error Codes"). */
public enum SqlState {
    SUCCESSFUL_COMPLETION("00000"),
    WARNING("01000"),

    /** pgweir's own, of class 01 "Warning": a client that listens may have missed notifications. */
    NOTIFICATIONS_LOST("01W01"),
    CONNECTION_EXCEPTION("08000"),
    SQLCLIENT_UNABLE_TO_ESTABLISH("08001"),
    SERVER_REJECTED("08004"),
    CONNECTION_FAILURE("08006"),
    TRANSACTION_RESOLUTION_UNKNOWN("08007"),
    PROTOCOL_VIOLATION("08P01"),
    FEATURE_NOT_SUPPORTED("0A000"),
    CHARACTER_NOT_IN_REPERTOIRE("22021"),
    INVALID_PARAMETER_VALUE("22023"),
    ACTIVE_SQL_TRANSACTION("25001"),
    READ_ONLY_SQL_TRANSACTION("25006"),
    NO_ACTIVE_SQL_TRANSACTION("25P01"),
    IN_FAILED_SQL_TRANSACTION("25P02"),
    IDLE_IN_TRANSACTION_SESSION_TIMEOUT("25P03"),
    TRANSACTION_TIMEOUT("25P04"),
    INVALID_SQL_STATEMENT_NAME("26000"),
    INVALID_AUTHORIZATION_SPECIFICATION("28000"),
    INVALID_PASSWORD("28P01"),
    INVALID_CURSOR_NAME("34000"),
    INVALID_CATALOG_NAME("3D000"),
    SERIALIZATION_FAILURE("40001"),
    INSUFFICIENT_PRIVILEGE("42501"),
    SYNTAX_ERROR("42601"),
    NAME_TOO_LONG("42622"),
    UNDEFINED_OBJECT("42704"),
    DUPLICATE_PREPARED_STATEMENT("42P05"),
    OUT_OF_MEMORY("53200"),
    TOO_MANY_CONNECTIONS("53300"),
    CONFIGURATION_LIMIT_EXCEEDED("53400"),
    PROGRAM_LIMIT_EXCEEDED("54000"),
    OBJECT_NOT_IN_PREREQUISITE_STATE("55000"),
    OBJECT_IN_USE("55006"),
    LOCK_NOT_AVAILABLE("55P03"),
    QUERY_CANCELED("57014"),
    ADMIN_SHUTDOWN("57P01"),
    CRASH_SHUTDOWN("57P02"),
    CANNOT_CONNECT_NOW("57P03"),
    IDLE_SESSION_TIMEOUT("57P05"),
    SYSTEM_ERROR("58000"),
    CONFIG_FILE_ERROR("F0000"),
    INTERNAL_ERROR("XX000");

    private final String code;

    SqlState(String code) {
        this.code = code;
    }

    /** The five characters that go over the wire. */
    public String code() {
        return code;
    }

    /** The constant with this code, or null: servers know many more. */
    public static @Nullable SqlState of(String code) {
        for (SqlState state : values()) {
            if (state.code.equals(code)) {
                return state;
            }
        }
        return null;
    }
}
