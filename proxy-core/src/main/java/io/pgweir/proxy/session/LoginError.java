package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;

/**
 * Every error that only a login can meet: the other part of the catalogue in {@link ClientError}, by the same rules. All of them
 * are FATAL.
 */
enum LoginError {
    OUT_OF_SERVICE(
            SqlState.CANNOT_CONNECT_NOW,
            "pgweir takes no new clients: it was taken out of service %1$s (DRAIN)",
            "Connect to another pgweir, or RESUME in the admin console of this one."),
    DATABASE_DISABLED(
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            "database \"%1$s\" takes no new clients: it was disabled %2$s",
            "ENABLE in the admin console takes that back."),
    TOO_MANY_CLIENTS(
            SqlState.TOO_MANY_CONNECTIONS,
            "sorry, too many clients already: %1$d of %1$d (max_clients)",
            "Close idle client connections, or raise max_clients; if the log says that the heap has no room for more, -Xmx."),
    TOO_MANY_UNAUTHENTICATED(
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections are logging in already: %1$d of %1$d (max_unauthenticated)",
            "Try again soon. If all of them are clients of yours raise max_unauthenticated; else somebody floods pgweir."),
    TOO_MANY_UNAUTHENTICATED_FROM_ADDRESS(
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections from your address are logging in already: %1$d of %1$d"
                    + " (max_unauthenticated_per_address)",
            "Try again in a moment. If many clients share this address raise max_unauthenticated_per_address."),
    TOO_MUCH_AHEAD_OF_LOGINS(
            SqlState.OUT_OF_MEMORY,
            "no room for what connections send ahead of their logins: it takes %1$d of %2$d bytes (half of client_buffer_limit), of"
                    + " which one address has half",
            "Connect again later. If all of them are clients of yours raise client_buffer_limit; else somebody floods pgweir."),
    NAME_TOO_LONG(
            SqlState.NAME_TOO_LONG,
            "the name of the %1$s has %2$d bytes: no name has more than %3$d",
            "Correct the %1$s in the connection string."),
    TOO_MANY_CONSOLES(
            SqlState.TOO_MANY_CONNECTIONS,
            "sorry, too many connections to the admin console already: %1$d of %1$d",
            "Close those that are not needed."),
    TOO_MANY_POOLS(
            SqlState.TOO_MANY_CONNECTIONS,
            "no pool for %1$s: there are %2$d already (max_pools), each with clients or backends",
            "Use fewer pairs of database and user, lower backend_idle_timeout so that pools that nobody uses end sooner, or"
                    + " raise max_pools. Each pool may open connection_limit backends."),
    UNKNOWN_DATABASE(
            SqlState.INVALID_CATALOG_NAME,
            "database \"%1$s\" is not known to pgweir",
            "Name it under databases in the configuration, or add the entry \"*\"."),
    PASSWORD_FAILED(
            SqlState.INVALID_PASSWORD,
            "password authentication failed for user \"%1$s\"",
            "pgweir checks the password that its own configuration has for this user, or that auth_query finds."),
    LOOKUP_FAILED(
            SqlState.CANNOT_CONNECT_NOW,
            "the password of user \"%1$s\" could not be looked up (auth_query): %2$s",
            "Connect again later; users who have logged in before can do so meanwhile. pgweir's log says more."),
    TOO_MANY_FAILED_LOGINS(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "too many failed logins of user \"%4$s\" from %1$s: more than %2$d a minute (failed_login_limit)",
            "Correct the password that is used there, and try again in %3$d s, or raise failed_login_limit."),
    TOO_MANY_PROOFS(
            SqlState.TOO_MANY_CONNECTIONS,
            "too many logins at one time: %1$d passwords wait to be checked already",
            "Connect again later. Method scram-sha-256 needs far less of pgweir's processor than password."),
    NO_HBA_ENTRY(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "no pg_hba.conf entry for host \"%1$s\", user \"%2$s\", database \"%3$s\", %4$s",
            "This is about pgweir's own file, auth_hba_file, and not about the server's: add a line for them there."),
    HBA_REJECTED(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "pg_hba.conf rejects connection for host \"%1$s\", user \"%2$s\", database \"%3$s\", %4$s",
            "This is about pgweir's own file, auth_hba_file: a line with method reject is the first that fits."),
    CERTIFICATE_REQUIRED(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "connection requires a valid client certificate",
            "Connect with a certificate that leads to a root in tls_ca: auth_hba_file asks for it (clientcert)."),
    TOO_MANY_CLIENTS_OF_USER(
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections for role \"%1$s\": %2$d of %2$d",
            "Close client connections of this user, or raise max_clients of the user, or max_user_clients."),
    TOO_MANY_CLIENTS_OF_DATABASE(
            SqlState.TOO_MANY_CONNECTIONS,
            "too many connections for database \"%1$s\": %2$d of %2$d",
            "Close client connections to this database, or raise max_clients of the database, or max_db_clients."),
    CERTIFICATE_FAILED(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "certificate authentication failed for user \"%1$s\"",
            "The common name of the client's certificate (CN of its subject) must be the user's name."),
    TLS_REQUIRED(
            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
            "pgweir takes logins only over TLS (tls: %1$s)",
            "Connect with sslmode=require or stricter."),
    LOGIN_REFUSED_BY_SERVER(
            SqlState.CONNECTION_FAILURE,
            "the server refuses this login: %1$s",
            "pgweir logs in to the server with the client's user and the password its configuration has for it."),
    LOGIN_TIMEOUT(
            SqlState.CONNECTION_FAILURE,
            "the login was not completed within %1$d ms (client_login_timeout)",
            "Check the network between client and pgweir."),
    REPLICATION(
            SqlState.FEATURE_NOT_SUPPORTED,
            "replication connections do not pass through pgweir",
            "Give replication tools (pg_receivewal, pg_basebackup, subscriptions, change data capture) the server's own"
                    + " address: each of them needs a connection of its own for as long as it runs, which pooling"
                    + " cannot save."),
    UNSUPPORTED_PROTOCOL(
            SqlState.FEATURE_NOT_SUPPORTED,
            "unsupported frontend protocol %1$d.%2$d: pgweir supports 3.0 to 3.2",
            "Use a client that speaks protocol 3.");

    private final ErrorTemplate text;

    LoginError(SqlState sqlState, String message, String hint) {
        this.text = new ErrorTemplate(Severity.FATAL, sqlState, message, hint);
    }

    ErrorTemplate text() {
        return text;
    }

    /** The error for this occasion; the routine field names this constant. */
    ErrorFields with(Object... arguments) {
        return text.of(this, arguments);
    }
}
