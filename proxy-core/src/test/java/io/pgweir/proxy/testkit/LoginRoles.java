package io.pgweir.proxy.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Roles that a server asks for their passwords by SCRAM, dropped at the end. */
public final class LoginRoles implements AutoCloseable {
    private final RealPostgres postgres;
    private final List<String> names = new ArrayList<>();

    public LoginRoles(RealPostgres postgres) {
        this.postgres = postgres;
    }

    /** A role with a name of its own that may log in. */
    public String create(String password) throws SQLException {
        return create("r_" + UUID.randomUUID().toString().substring(0, 8), password);
    }

    /** Any name. */
    public String create(String name, String password) throws SQLException {
        names.add(name);
        postgres.execute(
                "CREATE ROLE " + quoted(name) + " LOGIN PASSWORD '" + password + "' IN ROLE " + TestRole.MEMBERS);
        return name;
    }

    /** ALTER ROLE name ... */
    public void alter(String name, String change) throws SQLException {
        postgres.execute("ALTER ROLE " + quoted(name) + " " + change);
        if (change.startsWith("RENAME TO ")) {
            names.add(change.substring("RENAME TO ".length()));
        }
    }

    public void drop(String name) throws SQLException {
        postgres.execute("DROP ROLE " + quoted(name));
        names.remove(name);
    }

    /** What the server stores. */
    public String stored(String name) throws SQLException {
        try (Connection connection = postgres.connect();
                PreparedStatement query =
                        connection.prepareStatement("SELECT rolpassword FROM pg_authid WHERE rolname = ?")) {
            query.setString(1, name);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** How many backends of this role there are. */
    public int backends(String name) throws SQLException {
        return Integer.parseInt(postgres.queryForString(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = '" + name.replace("'", "''") + "'"));
    }

    public static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    @Override
    public void close() throws SQLException {
        for (String name : names) {
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"
                    + name.replace("'", "''") + "'");
            // What it may read is forgotten with it.
            postgres.execute("DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '" + name.replace("'", "''")
                    + "') THEN DROP OWNED BY " + quoted(name) + "; END IF; END $$");
            postgres.execute("DROP ROLE IF EXISTS " + quoted(name));
        }
    }
}
