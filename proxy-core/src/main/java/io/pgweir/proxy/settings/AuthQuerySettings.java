package io.pgweir.proxy.settings;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a database is asked for the passwords of users whom the configuration does not know.
 *
 * @param user whom pgweir logs in as for it
 * @param password that user's; null: the server asks for none
 * @param database where the query runs, by its name on the server
 * @param query one statement with {@code $1}, the user's name
 * @param ttl how long an answer counts
 */
public record AuthQuerySettings(String user, @Nullable Secret password, String database, String query, Duration ttl) {

    /**
     * What PostgreSQL itself looks at in a login: the password, whether the role may log in, and until when. Everything is named in
     * full, operators included, so that no search_path matters. The comparison is one of texts: a name that is too long is not cut.
     */
    public static final String DEFAULT_QUERY = "SELECT rolname, rolpassword FROM pg_catalog.pg_authid"
            + " WHERE rolname OPERATOR(pg_catalog.=) $1::pg_catalog.text AND rolcanlogin"
            + " AND (rolvaliduntil IS NULL OR rolvaliduntil OPERATOR(pg_catalog.>) pg_catalog.now())";
}
