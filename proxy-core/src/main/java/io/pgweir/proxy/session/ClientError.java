package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.settings.ErrorCodes;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Every error and warning that pgweir itself sends to clients, but for those that only a login can meet ({@link LoginError}):
 * the catalogue that code, documentation and tests share. Messages hold names and numbers, never SQL literals or secrets.
 */
public enum ClientError {
    POOL_TIMEOUT(
            Severity.ERROR,
            SqlState.TOO_MANY_CONNECTIONS,
            "pool timeout: waited %1$s, %2$d/%3$d busy, %4$d waiting.%5$s",
            "The one change most likely to help, by the cause that the message names.",
            ErrorCodes::poolTimeout),
    POOL_PAUSED(
            Severity.ERROR,
            SqlState.TOO_MANY_CONNECTIONS,
            "pool timeout: waited %1$s, the pool was paused %2$s, %3$d waiting",
            "RESUME in the admin console ends the pause. This connection can be used on.",
            ErrorCodes::poolTimeout),
    QUEUE_FULL(
            Severity.ERROR,
            SqlState.TOO_MANY_CONNECTIONS,
            "pool queue full: %1$d clients already wait (queue_limit), %2$d/%3$d busy.%4$s",
            "The one change most likely to help, by the cause that the message names.",
            ErrorCodes::poolTimeout),
    BACKEND_UNAVAILABLE(
            Severity.ERROR,
            SqlState.CANNOT_CONNECT_NOW,
            "no backend of pool %1$s can be opened: %2$s",
            "Check that the database is up and accepts connections from this host; pgweir keeps trying.",
            ErrorCodes::backendUnavailable),
    BREAKER_OPEN(
            Severity.ERROR,
            SqlState.CANNOT_CONNECT_NOW,
            "no backend of pool %1$s can be opened, for %2$s now: %3$s (breaker open)",
            "Check that the database is up and accepts connections from this host. pgweir asks it again %4$s and goes on by"
                    + " itself; this connection can be used on.",
            ErrorCodes::backendUnavailable),
    BREAKER_HELD(
            Severity.ERROR,
            SqlState.CANNOT_CONNECT_NOW,
            "no backend of pool %1$s can be opened, for %2$s now: %3$s (breaker held open)",
            "AUTO or CLOSE in the admin console takes the server into use again; this connection can be used on.",
            ErrorCodes::backendUnavailable),
    NO_HOST(
            Severity.ERROR,
            SqlState.CANNOT_CONNECT_NOW,
            "no server of pool %1$s is %2$s (target_session_attrs), waited %3$s: %4$s",
            "Promote a standby, or correct the hosts or target_session_attrs of this database. pgweir asks the hosts again and"
                    + " again and goes on by itself; this connection can be used on.",
            ErrorCodes::backendUnavailable),
    BACKEND_LOST(
            Severity.ERROR,
            SqlState.CONNECTION_FAILURE,
            "the backend of this statement was lost: %1$s",
            "The statement may or may not have run. This connection to pgweir can be used on.",
            ErrorCodes::backendLost),
    SESSION_LOST(
            Severity.FATAL,
            SqlState.CONNECTION_FAILURE,
            "the backend of this session was lost: %1$s",
            "The session had a backend of its own, which no other can replace. Connect again."),
    PINNED_SESSION_LOST(
            Severity.FATAL,
            SqlState.CONNECTION_FAILURE,
            "the backend that this client kept is lost, and with it its %1$s: %2$s",
            "Connect again, and make anew what is needed of it."),
    COMMIT_UNKNOWN(
            Severity.ERROR,
            SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
            "the backend was lost while COMMIT was in progress: %1$s",
            "Find out whether the transaction was committed before repeating it."),
    STATEMENT_TIMEOUT(
            Severity.ERROR,
            SqlState.QUERY_CANCELED,
            "canceling statement due to statement timeout: it ran longer than pgweir's statement_timeout of %1$s",
            "Make the statement faster, or raise statement_timeout for this database.",
            ErrorCodes::statementTimeout),
    CANCELED_BEHIND_TIMEOUT(
            Severity.ERROR,
            SqlState.QUERY_CANCELED,
            "canceling statement due to the timeout of an earlier statement of the same pipeline",
            "PostgreSQL cancels whatever runs when the request comes. Repeat the statement; it has had no effect."),
    TRANSACTION_TIMEOUT(
            Severity.ERROR,
            SqlState.TRANSACTION_TIMEOUT,
            "transaction timeout: pgweir rolled back a transaction that was open for %1$s (transaction_timeout)",
            "Send ROLLBACK. Split the transaction, or raise transaction_timeout for this database.",
            ErrorCodes::transactionTimeout),
    IDLE_IN_TRANSACTION_TIMEOUT(
            Severity.ERROR,
            SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            "idle in transaction timeout: pgweir rolled back a transaction in which the client sent nothing for %1$s"
                    + " (idle_in_transaction_timeout)",
            "Send ROLLBACK. Do other work outside of transactions, or raise idle_in_transaction_timeout.",
            ErrorCodes::idleInTransactionTimeout),
    TRANSACTION_FAILED(
            Severity.ERROR,
            SqlState.IN_FAILED_SQL_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block",
            "An earlier error has ended this transaction, and no backend is held for it. Send ROLLBACK, then repeat the transaction."),
    CLIENT_IDLE_TIMEOUT(
            Severity.FATAL,
            SqlState.IDLE_SESSION_TIMEOUT,
            "terminating connection because the client sent nothing for %1$s (client_idle_timeout)",
            "Connect again. Let the application's own pool close idle connections sooner, or raise client_idle_timeout."),
    UNKNOWN_OWN_SETTING(
            Severity.ERROR,
            SqlState.UNDEFINED_OBJECT,
            "unrecognized configuration parameter \"pgweir.%1$s\"%2$s",
            "pgweir's own settings are: %3$s."),
    WRONG_OWN_VALUE(
            Severity.ERROR,
            SqlState.INVALID_PARAMETER_VALUE,
            "invalid value for parameter \"pgweir.%1$s\": %2$s",
            "SHOW pgweir.NAME gives a value in the form to write."),
    OWN_SETTING_SYNTAX(
            Severity.ERROR,
            SqlState.SYNTAX_ERROR,
            "syntax error in a statement about a setting of pgweir's own",
            "Write SET [LOCAL] pgweir.NAME = 'VALUE', RESET pgweir.NAME or SHOW pgweir.NAME."),
    OWN_SETTING_NOT_ALONE(
            Severity.ERROR,
            SqlState.FEATURE_NOT_SUPPORTED,
            "a statement about \"pgweir.%1$s\" cannot be one of several in the same query",
            "Send it as a query of its own: PostgreSQL does not know pgweir's settings."),
    LIMIT_NARROWED(
            Severity.NOTICE,
            SqlState.SUCCESSFUL_COMPLETION,
            "pgweir.%1$s is %2$s instead of %3$s: the operator allows no more",
            "The maximum is set in pgweir's configuration."),
    SET_LOCAL_OUTSIDE_TRANSACTION(
            Severity.WARNING,
            SqlState.NO_ACTIVE_SQL_TRANSACTION,
            "SET LOCAL can only be used in transaction blocks",
            "Use SET, or BEGIN first."),
    TRANSACTION_ABORTED(
            Severity.ERROR,
            SqlState.IN_FAILED_SQL_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block",
            "Send ROLLBACK."),
    DUPLICATE_STATEMENT(
            Severity.ERROR,
            SqlState.DUPLICATE_PREPARED_STATEMENT,
            "prepared statement \"%1$s\" already exists",
            "Close it first, or use another name."),
    UNSAFE_STATE(
            Severity.ERROR,
            SqlState.FEATURE_NOT_SUPPORTED,
            "%1$s cannot be used here: another statement of this client may run on another backend (on_unsafe_state: error)",
            "Use pool_mode session for this client, or on_unsafe_state: pin."),
    UNSAFE_STATE_DISCARDED(
            Severity.ERROR,
            SqlState.FEATURE_NOT_SUPPORTED,
            "%1$s that an earlier statement made have been discarded (on_unsafe_state: error)",
            "Use pool_mode session for this client, or on_unsafe_state: pin."),
    TOO_MANY_PINNED(
            Severity.ERROR,
            SqlState.TOO_MANY_CONNECTIONS,
            "%1$s would keep a backend for this client, and %2$d clients of pool %3$s keep theirs already (max_pinned)",
            "End such state as soon as it is not needed, raise max_pinned, or use pool_mode session for these clients."),
    PINNED_STATE_DISCARDED(
            Severity.ERROR,
            SqlState.TOO_MANY_CONNECTIONS,
            "%1$s that an earlier statement made have been discarded: %2$d clients of pool %3$s keep their backends"
                    + " (max_pinned)",
            "Raise max_pinned, or use pool_mode session for these clients."),
    STATE_UNKNOWN(
            Severity.ERROR,
            SqlState.CONNECTION_FAILURE,
            "what earlier statements have set on their backend could not be found out, and is lost",
            "Set it again. The server's log may say why it did not answer."),
    PINNED_IDLE_TIMEOUT(
            Severity.FATAL,
            SqlState.IDLE_SESSION_TIMEOUT,
            "terminating connection because the client has sent nothing for %1$s while it keeps a backend for %2$s"
                    + " (pinned_idle_timeout)",
            "Connect again. End such state as soon as it is not needed, or raise pinned_idle_timeout."),
    FOREIGN_SEQUENCES(
            Severity.ERROR,
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            "currval and lastval cannot be told from those of other clients here: this is their first use since pgweir"
                    + " started",
            "Repeat the transaction: from now on backends are made ready for it. Or set sequence_state to keep."),
    SHUTTING_DOWN(
            Severity.FATAL,
            SqlState.ADMIN_SHUTDOWN,
            "terminating connection because pgweir is shutting down",
            "Connect again."),
    SHUTDOWN_TIMEOUT(
            Severity.FATAL,
            SqlState.ADMIN_SHUTDOWN,
            "terminating connection because pgweir is shutting down and this had not ended after %1$s (shutdown_timeout)",
            "An open transaction is rolled back; if its COMMIT was under way, its outcome is unknown. Connect again."),
    CLIENT_KILLED(
            Severity.FATAL,
            SqlState.ADMIN_SHUTDOWN,
            "terminating connection due to administrator command (KILL in the admin console)",
            "An open transaction is rolled back; if its COMMIT was under way, its outcome is unknown. Connect again."),
    BACKEND_KILLED(
            Severity.ERROR,
            SqlState.CONNECTION_FAILURE,
            "the backend of this client was closed by an administrator (KILL BACKEND in the admin console)",
            "A statement that ran was cancelled, a transaction rolled back; if its COMMIT was under way, its outcome is"
                    + " unknown."),
    NO_BACKEND_DURING_SHUTDOWN(
            Severity.ERROR, SqlState.CANNOT_CONNECT_NOW, "pgweir is shutting down", "Connect again."),
    REPEATED_STATEMENT_CANCELED(
            Severity.ERROR,
            SqlState.QUERY_CANCELED,
            "canceling statement due to user request while it waited for another backend",
            "Its first backend was lost; it only reads, and nothing of its answer has been sent. Repeat it if it is"
                    + " still wanted."),
    QUEUED_STATEMENT_CANCELED(
            Severity.ERROR,
            SqlState.QUERY_CANCELED,
            "canceling statement due to user request while it waited for a backend",
            "The statement did not run."),
    TRANSACTION_IN_STATEMENT_MODE(
            Severity.ERROR,
            SqlState.FEATURE_NOT_SUPPORTED,
            "transaction blocks are not allowed in pool_mode statement",
            "Use pool_mode transaction for clients that need BEGIN."),
    UNKNOWN_STATEMENT(
            Severity.ERROR,
            SqlState.INVALID_SQL_STATEMENT_NAME,
            "prepared statement \"%1$s\" does not exist",
            "Prepare it again on this connection."),
    BUFFERS_FULL(
            Severity.FATAL,
            SqlState.OUT_OF_MEMORY,
            "no room for a statement of this length: what waits of clients' messages takes %1$d of %2$d bytes"
                    + " (client_buffer_limit)",
            "Connect again later, send shorter statements, or raise client_buffer_limit."),
    TOO_MANY_STATEMENTS(
            Severity.ERROR,
            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
            "too many prepared statements: this client has %1$d of %2$d (client_statement_limit), and %3$d of %4$d"
                    + " bytes; all clients have %5$d of %6$d bytes",
            "Close or DEALLOCATE what is not needed, make the driver's cache smaller, raise client_statement_limit or the heap."),
    LISTEN_TIMEOUT(
            Severity.ERROR,
            SqlState.CANNOT_CONNECT_NOW,
            "LISTEN waited %1$s for the listening backend of pool %2$s",
            "Check that the database is up; pgweir keeps trying."),
    NOTIFICATIONS_LOST(
            Severity.WARNING,
            SqlState.NOTIFICATIONS_LOST,
            "notifications may have been lost: %1$s",
            "This connection listens on. Read anew what the notifications would have told."),
    PROTOCOL_VIOLATION(
            Severity.FATAL,
            SqlState.PROTOCOL_VIOLATION,
            "%1$s",
            "The client and pgweir disagree about the protocol; this connection is closed.");

    private final ErrorTemplate text;
    private final @Nullable Function<ErrorCodes, String> configured;

    ClientError(Severity severity, SqlState sqlState, String message, String hint) {
        this(severity, sqlState, message, hint, null);
    }

    /** @param configured where the pool's settings say what it is called */
    ClientError(
            Severity severity,
            SqlState sqlState,
            String message,
            String hint,
            @Nullable Function<ErrorCodes, String> configured) {
        this.text = new ErrorTemplate(severity, sqlState, message, hint);
        this.configured = configured;
    }

    ErrorTemplate text() {
        return text;
    }

    /** The default, where it can be configured. */
    public SqlState sqlState() {
        return text.sqlState();
    }

    boolean isConfigurable() {
        return configured != null;
    }

    /** The error for this occasion; the routine field names this constant, 26000 the routine that drivers look for. */
    public ErrorFields with(Object... arguments) {
        ErrorFields fields = text.of(this, arguments);
        return this == UNKNOWN_STATEMENT ? fields.withRoutine("FetchPreparedStatement") : fields;
    }

    /** The same under the SQLSTATE that the pool's settings give it. */
    ErrorFields in(PoolSettings settings, Object... arguments) {
        ErrorFields fields = with(arguments);
        return configured == null ? fields : fields.with(ErrorField.CODE, configured.apply(settings.errorCodes()));
    }
}
