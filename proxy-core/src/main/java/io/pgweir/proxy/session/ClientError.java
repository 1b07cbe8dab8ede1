package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.settings.ErrorCodes;
import io.pgweir.proxy.settings.PoolSettings;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Every error and warning that pgweir itself sends to clients: the one catalogue that code, documentation and tests share. Messages
 * hold names and numbers, never SQL literals or secrets.
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
    OUT_OF_SERVICE(
            Severity.FATAL,
            SqlState.CANNOT_CONNECT_NOW,
            "pgweir takes no new clients: it was taken out of service %1$s (DRAIN)",
            "Connect to another pgweir, or RESUME in the admin console of this one."),
    DATABASE_DISABLED(
            Severity.FATAL,
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            "database \"%1$s\" takes no new clients: it was disabled %2$s",
            "ENABLE in the admin console takes that back."),
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
    TOO_MANY_CLIENTS(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "sorry, too many clients already: %1$d of %1$d (max_clients)",
            "Close idle client connections, or raise max_clients; if the log says that the heap has no room for more, -Xmx."),
    TOO_MANY_UNAUTHENTICATED(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections are logging in already: %1$d of %1$d (max_unauthenticated)",
            "Try again soon. If all of them are clients of yours raise max_unauthenticated; else somebody floods pgweir."),
    TOO_MANY_UNAUTHENTICATED_FROM_ADDRESS(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections from your address are logging in already: %1$d of %1$d"
                    + " (max_unauthenticated_per_address)",
            "Try again in a moment. If many clients share this address raise max_unauthenticated_per_address."),
    NAME_TOO_LONG(
            Severity.FATAL,
            SqlState.NAME_TOO_LONG,
            "the name of the %1$s has %2$d bytes: no name has more than %3$d",
            "Correct the %1$s in the connection string."),
    BUFFERS_FULL(
            Severity.FATAL,
            SqlState.OUT_OF_MEMORY,
            "no room for a message of this length: what waits of clients' messages takes %1$d of %2$d bytes"
                    + " (client_buffer_limit)",
            "Connect again later, send shorter messages, or raise client_buffer_limit; logins have half of it."),
    TOO_MANY_STATEMENTS(
            Severity.ERROR,
            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
            "too many prepared statements: this client has %1$d of %2$d (client_statement_limit), and %3$d of %4$d"
                    + " bytes; all clients have %5$d of %6$d bytes",
            "Close or DEALLOCATE what is not needed, make the driver's cache smaller, raise client_statement_limit or the heap."),
    TOO_MANY_CONSOLES(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "sorry, too many connections to the admin console already: %1$d of %1$d",
            "Close those that are not needed."),
    TOO_MANY_POOLS(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "no pool for %1$s: there are %2$d already (max_pools), each with clients or backends",
            "Use fewer pairs of database and user, lower backend_idle_timeout so that pools that nobody uses end sooner, or"
                    + " raise max_pools. Each pool may open connection_limit backends."),
    UNKNOWN_DATABASE(
            Severity.FATAL,
            SqlState.INVALID_CATALOG_NAME,
            "database \"%1$s\" is not known to pgweir",
            "Name it under databases in the configuration, or add the entry \"*\"."),
    PASSWORD_FAILED(
            Severity.FATAL,
            SqlState.INVALID_PASSWORD,
            "password authentication failed for user \"%1$s\"",
            "pgweir checks the password that its own configuration has for this user, or that auth_query finds."),
    LOOKUP_FAILED(
            Severity.FATAL,
            SqlState.CANNOT_CONNECT_NOW,
            "the password of user \"%1$s\" could not be looked up (auth_query): %2$s",
            "Connect again later; users who have logged in before can do so meanwhile. pgweir's log says more."),
    TOO_MANY_FAILED_LOGINS(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "too many failed logins of user \"%4$s\" from %1$s: more than %2$d a minute (failed_login_limit)",
            "Correct the password that is used there, and try again in %3$d s, or raise failed_login_limit."),
    TOO_MANY_PROOFS(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "too many logins at one time: %1$d passwords wait to be checked already",
            "Connect again later. Method scram-sha-256 needs far less of pgweir's processor than password."),
    NO_HBA_ENTRY(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "no pg_hba.conf entry for host \"%1$s\", user \"%2$s\", database \"%3$s\", %4$s",
            "This is about pgweir's own file, auth_hba_file, and not about the server's: add a line for them there."),
    HBA_REJECTED(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "pg_hba.conf rejects connection for host \"%1$s\", user \"%2$s\", database \"%3$s\", %4$s",
            "This is about pgweir's own file, auth_hba_file: a line with method reject is the first that fits."),
    CERTIFICATE_REQUIRED(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "connection requires a valid client certificate",
            "Connect with a certificate that leads to a root in tls_ca: auth_hba_file asks for it (clientcert)."),
    TOO_MANY_CLIENTS_OF_USER(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections for role \"%1$s\": %2$d of %2$d",
            "Close client connections of this user, or raise max_clients of the user, or max_user_clients."),
    TOO_MANY_CLIENTS_OF_DATABASE(
            Severity.FATAL,
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections for database \"%1$s\": %2$d of %2$d",
            "Close client connections to this database, or raise max_clients of the database, or max_db_clients."),
    CERTIFICATE_FAILED(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "certificate authentication failed for user \"%1$s\"",
            "The common name of the client's certificate (CN of its subject) must be the user's name."),
    TLS_REQUIRED(
            Severity.FATAL,
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "pgweir takes logins only over TLS (tls: %1$s)",
            "Connect with sslmode=require or stricter."),
    LOGIN_REFUSED_BY_SERVER(
            Severity.FATAL,
            SqlState.CONNECTION_FAILURE,
            "the server refuses this login: %1$s",
            "pgweir logs in to the server with the client's user and the password its configuration has for it."),
    LOGIN_TIMEOUT(
            Severity.FATAL,
            SqlState.CONNECTION_FAILURE,
            "the login was not completed within %1$d ms (client_login_timeout)",
            "Check the network between client and pgweir."),
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
    REPLICATION(
            Severity.FATAL,
            SqlState.FEATURE_NOT_SUPPORTED,
            "replication connections do not pass through pgweir",
            "Give replication tools (pg_receivewal, pg_basebackup, subscriptions, change data capture) the server's own"
                    + " address: each of them needs a connection of its own for as long as it runs, which pooling"
                    + " cannot save."),
    PROTOCOL_VIOLATION(
            Severity.FATAL,
            SqlState.PROTOCOL_VIOLATION,
            "%1$s",
            "The client and pgweir disagree about the protocol; this connection is closed."),
    UNSUPPORTED_PROTOCOL(
            Severity.FATAL,
            SqlState.FEATURE_NOT_SUPPORTED,
            "unsupported frontend protocol %1$d.%2$d: pgweir supports 3.0 to 3.2",
            "Use a client that speaks protocol 3.");

    private final Severity severity;
    private final SqlState sqlState;
    private final String template;
    private final String hint;
    private final @Nullable Function<ErrorCodes, String> configured;

    ClientError(Severity severity, SqlState sqlState, String template, String hint) {
        this(severity, sqlState, template, hint, null);
    }

    /** @param configured where the pool's settings say what it is called */
    ClientError(
            Severity severity,
            SqlState sqlState,
            String template,
            String hint,
            @Nullable Function<ErrorCodes, String> configured) {
        this.severity = severity;
        this.sqlState = sqlState;
        this.template = template;
        this.hint = hint;
        this.configured = configured;
    }

    /** The default, where it can be configured. */
    public SqlState sqlState() {
        return sqlState;
    }

    public boolean isConfigurable() {
        return configured != null;
    }

    public String severity() {
        return severity.name();
    }

    /** With placeholders as in {@link String#format}. */
    public String template() {
        return template;
    }

    public String hint() {
        return hint;
    }

    /** The error for this occasion; the routine field names this constant, 26000 the routine that drivers look for. */
    public ErrorFields with(Object... arguments) {
        String message = String.format(Locale.ROOT, template, arguments);
        ErrorFields fields = ErrorFields.notice(severity.name(), sqlState, message);
        String routine =
                this == UNKNOWN_STATEMENT ? "FetchPreparedStatement" : "pgweir_" + name().toLowerCase(Locale.ROOT);
        return fields.withHint(String.format(Locale.ROOT, hint, arguments)).withRoutine(routine);
    }

    /** The same under the SQLSTATE that the pool's settings give it. */
    ErrorFields in(PoolSettings settings, Object... arguments) {
        ErrorFields fields = with(arguments);
        return configured == null ? fields : fields.with(ErrorField.CODE, configured.apply(settings.errorCodes()));
    }
}
