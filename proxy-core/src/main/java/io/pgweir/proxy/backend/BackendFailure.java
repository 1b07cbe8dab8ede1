package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.settings.HostPort;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why a backend could not be had or was lost.
 *
 * @param kind what to do about it
 * @param sqlState PostgreSQL's own code if it gave one
 * @param message one sentence without secrets, made for people
 * @param role what the server is, if that is the reason
 */
public record BackendFailure(
        Kind kind,
        @Nullable String sqlState,
        String message,
        @Nullable ServerRole role) {
    private static final int LONGEST = 1000;

    public BackendFailure(Kind kind, @Nullable String sqlState, String message) {
        this(kind, sqlState, message, null);
    }

    /** What a failure means for those who wait. */
    public enum Kind {
        /** No connection, or none that is of use: refused, reset, no route, or PostgreSQL cannot read its own files. */
        UNREACHABLE,
        /** No connection within connect_timeout. */
        TIMED_OUT,
        /** PostgreSQL answered that it cannot take the connection now: starting up, too many connections. */
        TEMPORARY,
        /** PostgreSQL has as many connections of this role or database as it allows them; others may come. */
        OWN_LIMIT,
        /** PostgreSQL answers, but the server is not what target_session_attrs asks for. */
        UNFIT,
        /** No connection that is protected as sslmode asks: no TLS there, a certificate that does not verify. */
        UNPROTECTED,
        /** PostgreSQL will not take this login: no such database or role, wrong password. */
        REFUSED,
        /** PostgreSQL will not take the settings in this StartupMessage; with others it might. */
        BAD_SETTINGS,
        /** The connection broke while in use. */
        LOST,
        /** PostgreSQL sent what nothing had asked for; the connection is not to be trusted. */
        DESYNCHRONISED
    }

    /** What PostgreSQL's FATAL during login means. */
    static BackendFailure ofLoginError(ErrorFields error) {
        String code = error.code() == null ? "" : error.code();
        Kind kind;
        switch (code) {
            case "53300" -> kind = isOwnLimit(error) ? Kind.OWN_LIMIT : Kind.TEMPORARY;
            case "57P01", "57P02", "57P03" -> kind = Kind.TEMPORARY;
            case "58000", "58030", "58P01", "58P02" -> kind = Kind.UNREACHABLE;
            default -> kind = concernsTheLogin(code) ? Kind.REFUSED : Kind.BAD_SETTINGS;
        }
        return new BackendFailure(kind, error.code(), words(error));
    }

    /** A server's own words; it may have none, or far too many for those who wait to be told them. */
    private static String words(ErrorFields error) {
        String message = error.message();
        if (message == null) {
            return "the server does not say why";
        }
        return message.length() <= LONGEST ? message : message.substring(0, LONGEST) + "...";
    }

    public static BackendFailure unreachable(String message) {
        return new BackendFailure(Kind.UNREACHABLE, null, message);
    }

    /** The routines of PostgreSQL that check the CONNECTION LIMIT of a role and of a database; the words are translated. */
    private static boolean isOwnLimit(ErrorFields error) {
        String routine = error.routine();
        return "InitializeSessionUserId".equals(routine) || "CheckMyDatabase".equals(routine);
    }

    static BackendFailure unfit(HostPort host, ServerRole role) {
        return new BackendFailure(Kind.UNFIT, null, host + " is " + role.text(), role);
    }

    public static BackendFailure unfit(String message) {
        return new BackendFailure(Kind.UNFIT, null, message);
    }

    static BackendFailure unprotected(String message) {
        return new BackendFailure(Kind.UNPROTECTED, null, message);
    }

    public static BackendFailure timedOut(String message) {
        return new BackendFailure(Kind.TIMED_OUT, null, message);
    }

    /** Who waits may be served all the same, a little later. */
    public boolean passesByWaiting() {
        return kind == Kind.TEMPORARY || kind == Kind.OWN_LIMIT;
    }

    /** PostgreSQL has said no, and why: its words are for whoever asked. */
    public boolean isRefusal() {
        return kind == Kind.REFUSED || kind == Kind.BAD_SETTINGS;
    }

    /** To try again soon is of no use: who waits is better told. */
    public boolean isConclusive() {
        return isRefusal() || kind == Kind.UNPROTECTED;
    }

    /** The rules of pg_hba.conf do not admit this user in this way; they may, with TLS or without. */
    boolean isDenial() {
        return kind == Kind.REFUSED && "28000".equals(sqlState);
    }

    /** The same, and what was tried before. */
    BackendFailure behind(String before) {
        return new BackendFailure(kind, sqlState, message + " (" + before + ")");
    }

    /** Authorization, catalog name, privilege: not what a setting could be to blame for. */
    private static boolean concernsTheLogin(String code) {
        return code.startsWith("28") || code.startsWith("3D") || code.equals("42501") || code.startsWith("08");
    }

    /**
     * The cause in a few words that no client library takes for the end of its own connection; PostgreSQL's text may say
     * "terminating connection", which some search for.
     */
    public String brief() {
        if (sqlState == null) {
            return kind == Kind.DESYNCHRONISED ? "protocol error" : "connection broke";
        }
        SqlState known = SqlState.of(sqlState);
        return known == null ? sqlState : sqlState + " " + known.name().toLowerCase(Locale.ROOT);
    }

    static BackendFailure lost(@Nullable ErrorFields cause) {
        if (cause == null) {
            return new BackendFailure(Kind.LOST, null, "the server closed the connection unexpectedly");
        }
        return new BackendFailure(Kind.LOST, cause.code(), words(cause));
    }
}
