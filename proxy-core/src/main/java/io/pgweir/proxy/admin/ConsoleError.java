package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import java.util.Locale;

/** Every error and notice of the admin console. */
enum ConsoleError {
    NOT_ALLOWED(
            "FATAL",
            SqlState.INSUFFICIENT_PRIVILEGE,
            "permission denied for the admin console: user \"%1$s\" stands neither in admin_users nor in stats_users",
            "stats_users may use its SHOW commands (default: the users of the database URLs), admin_users all commands."),
    NOT_ADMIN(
            "ERROR",
            SqlState.INSUFFICIENT_PRIVILEGE,
            "permission denied: %1$s is for admin_users, and user \"%2$s\" is none",
            "Name the user in admin_users, or use SHOW commands."),
    UNKNOWN_COMMAND(
            "ERROR",
            SqlState.SYNTAX_ERROR,
            "unknown command \"%1$s\"%2$s",
            "SHOW HELP lists the commands. The console runs no SQL; connect to a database for that."),
    WRONG_ARGUMENTS("ERROR", SqlState.SYNTAX_ERROR, "wrong arguments: write %1$s", "SHOW HELP lists the commands."),
    UNTERMINATED("ERROR", SqlState.SYNTAX_ERROR, "unterminated %1$s", "Close what is opened by a quote or /*."),
    UNKNOWN_DATABASE(
            "ERROR",
            SqlState.INVALID_CATALOG_NAME,
            "database \"%1$s\" is not known to pgweir%2$s",
            "SHOW DATABASES lists them."),
    UNKNOWN_CLIENT(
            "ERROR",
            SqlState.UNDEFINED_OBJECT,
            "there is no client %1$s",
            "SHOW CLIENTS gives the number in column id."),
    UNKNOWN_BACKEND(
            "ERROR",
            SqlState.UNDEFINED_OBJECT,
            "there is no backend %1$s",
            "SHOW SERVERS gives the server's process id in column remote_pid, and server and process in column ptr."),
    AMBIGUOUS_BACKEND(
            "ERROR",
            SqlState.UNDEFINED_OBJECT,
            "there are %2$d backends with process id %1$s, on several servers",
            "Write KILL BACKEND host:port/pid, as in column ptr of SHOW SERVERS."),
    UNKNOWN_SERVER(
            "ERROR",
            SqlState.UNDEFINED_OBJECT,
            "no database uses the server %1$s%2$s",
            "SHOW BREAKERS lists the servers, as host:port."),
    ALL_PAUSED(
            "ERROR",
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            "database \"%1$s\" is paused because all are",
            "RESUME without a name ends every pause."),
    PAUSE_ENDED(
            "ERROR",
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            "this pause was ended, or replaced by another, before all backends were closed",
            "SHOW DATABASES tells what is paused now. Write PAUSE again if it is still wanted."),
    NOTHING_TO_RESUME("NOTICE", SqlState.SUCCESSFUL_COMPLETION, "nothing was paused or drained", "SHOW STATE tells."),
    NOT_DISABLED(
            "NOTICE", SqlState.SUCCESSFUL_COMPLETION, "database \"%1$s\" was not disabled", "SHOW DATABASES tells."),
    PAUSED_BY_KILL(
            "NOTICE",
            SqlState.SUCCESSFUL_COMPLETION,
            "%1$d clients were closed; new ones wait until RESUME%2$s",
            "RESUME lets them go on."),
    STILL_CLOSING(
            "NOTICE",
            SqlState.SUCCESSFUL_COMPLETION,
            "%1$d backends are still being closed",
            "SHOW SERVERS shows them; each is closed hard after 10 s."),
    RELOAD_REJECTED(
            "ERROR",
            SqlState.CONFIG_FILE_ERROR,
            "the configuration was not reloaded, and nothing was changed: problems in it: %1$d",
            "Correct what the detail names (pgweir check finds the same), and write RELOAD again."),
    RELOAD_FAILED(
            "ERROR",
            SqlState.INTERNAL_ERROR,
            "the configuration was not reloaded: %1$s",
            "See the log of pgweir, and write RELOAD again."),
    UNCHANGED(
            "NOTICE",
            SqlState.SUCCESSFUL_COMPLETION,
            "the configuration was read again; nothing in it has changed",
            "SHOW CONFIG tells what is in force, and where it comes from."),
    SET_REFUSED(
            "ERROR",
            SqlState.FEATURE_NOT_SUPPORTED,
            "\"%1$s\" cannot be set in the console",
            "Change it where SHOW CONFIG says that it comes from, and write RELOAD."),
    UNKNOWN_PARAMETER(
            "ERROR",
            SqlState.UNDEFINED_OBJECT,
            "unrecognized configuration parameter \"%1$s\"%2$s",
            "SHOW CONFIG lists the settings. They are changed in the configuration, not here."),
    SET_WITHOUT_EFFECT(
            "NOTICE",
            SqlState.SUCCESSFUL_COMPLETION,
            "SET %1$s has no effect in the admin console",
            "If pgweir's own setting is meant: change it where SHOW CONFIG says that it comes from."),
    NO_MEANING("ERROR", SqlState.FEATURE_NOT_SUPPORTED, "%1$s has no meaning in pgweir", "%2$s"),
    NO_SQL(
            "ERROR",
            SqlState.FEATURE_NOT_SUPPORTED,
            "the admin console runs no SQL",
            "SHOW HELP lists its commands. Connect to a database for SQL."),
    SEVERAL_COMMANDS(
            "ERROR",
            SqlState.SYNTAX_ERROR,
            "cannot insert multiple commands into a prepared statement",
            "Prepare one at a time."),
    TOO_MANY_COMMANDS(
            "ERROR", SqlState.PROGRAM_LIMIT_EXCEEDED, "more than %1$d commands in one query", "Send them in several."),
    TOO_MANY_STATEMENTS(
            "ERROR",
            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
            "more than %1$d prepared statements or portals",
            "Close those that are not needed."),
    TOO_MANY_SUSPENDED(
            "ERROR",
            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
            "%1$d portals have rows that were not fetched",
            "Fetch all rows of one, or close it."),
    NO_PARAMETERS(
            "ERROR",
            SqlState.PROTOCOL_VIOLATION,
            "bind message supplies %1$d parameters, but commands of the console take none",
            "Write the argument into the command."),
    UNKNOWN_STATEMENT(
            "ERROR",
            SqlState.INVALID_SQL_STATEMENT_NAME,
            "prepared statement \"%1$s\" does not exist",
            "Prepare it again on this connection."),
    DUPLICATE_STATEMENT(
            "ERROR",
            SqlState.DUPLICATE_PREPARED_STATEMENT,
            "prepared statement \"%1$s\" already exists",
            "Close it first, or use another name."),
    UNKNOWN_PORTAL("ERROR", SqlState.INVALID_CURSOR_NAME, "portal \"%1$s\" does not exist", "Bind it again."),
    CANCELED(
            "ERROR",
            SqlState.QUERY_CANCELED,
            "canceling statement due to user request",
            "PAUSE is taken back; RELOAD goes on."),
    NO_ANSWER(
            "ERROR",
            SqlState.QUERY_CANCELED,
            "not every event loop has answered within %1$d s",
            "See /health/live: an event loop may be stuck."),
    TOO_LONG(
            "FATAL",
            SqlState.PROGRAM_LIMIT_EXCEEDED,
            "a message of more than %1$d bytes",
            "The console takes commands."),
    PROTOCOL("FATAL", SqlState.PROTOCOL_VIOLATION, "%1$s", "The client and pgweir disagree about the protocol."),
    INTERNAL("ERROR", SqlState.INTERNAL_ERROR, "internal error: %1$s", "Please report it; the log has more."),
    SHUTTING_DOWN(
            "FATAL",
            SqlState.ADMIN_SHUTDOWN,
            "terminating connection because pgweir is shutting down",
            "Connect again when it runs.");

    private final String severity;
    private final SqlState sqlState;
    private final String template;
    private final String hint;

    ConsoleError(String severity, SqlState sqlState, String template, String hint) {
        this.severity = severity;
        this.sqlState = sqlState;
        this.template = template;
        this.hint = hint;
    }

    String severity() {
        return severity;
    }

    SqlState sqlState() {
        return sqlState;
    }

    /** With placeholders as in {@link String#format}. */
    String template() {
        return template;
    }

    String hint() {
        return hint;
    }

    ErrorFields with(Object... arguments) {
        String routine = this == UNKNOWN_STATEMENT
                ? "FetchPreparedStatement"
                : "pgweir_console_" + name().toLowerCase(Locale.ROOT);
        return ErrorFields.notice(severity, sqlState, String.format(Locale.ROOT, template, arguments))
                .withHint(String.format(Locale.ROOT, hint, arguments))
                .withRoutine(routine);
    }

    ConsoleFailure failure(Object... arguments) {
        return new ConsoleFailure(with(arguments));
    }
}
