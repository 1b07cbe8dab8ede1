package io.pgweir.proxy.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The roles of the test server: one per authentication method of {@code pg_hba.conf}. None is a superuser. */
public enum TestRole {
    SCRAM("scram_user", "scram-pw", "scram-sha-256", "scram-sha-256"),
    MD5("md5_user", "md5-pw", "md5", "md5"),
    PLAIN("plain_user", "plain-pw", "password", "scram-sha-256"),
    TRUST("trust_user", "trust-pw", "trust", "scram-sha-256");

    /** Members of this role are asked for their passwords by SCRAM. */
    public static final String MEMBERS = "scram_members";

    private final String user;
    private final String password;
    private final String method;
    private final String storedAs;

    TestRole(String user, String password, String method, String storedAs) {
        this.user = user;
        this.password = password;
        this.method = method;
        this.storedAs = storedAs;
    }

    public String user() {
        return user;
    }

    public String password() {
        return password;
    }

    /** Creates the roles that are missing and sets all passwords. */
    static void createAll(Connection superuser) throws SQLException {
        try (Statement statement = superuser.createStatement()) {
            for (TestRole role : values()) {
                statement.execute("SET password_encryption = '" + role.storedAs + "'");
                statement.execute("DO $$ BEGIN CREATE ROLE %s; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
                        .formatted(role.user));
                statement.execute("ALTER ROLE %s LOGIN PASSWORD '%s'".formatted(role.user, role.password));
            }
            statement.execute("RESET password_encryption");
            statement.execute(
                    "DO $$ BEGIN CREATE ROLE %s; EXCEPTION WHEN duplicate_object THEN NULL; END $$".formatted(MEMBERS));
        }
    }

    /**
     * Replaces the server's {@code pg_hba.conf} and asks for a reload, which happens soon after. The server itself writes
     * the file, so that this works the same for a container and for a local server.
     */
    static void rewriteHba(Connection superuser) throws SQLException {
        List<String> lines = new ArrayList<>(List.of("local all all trust"));
        for (TestRole role : values()) {
            lines.add("host all %s all %s".formatted(role.user, role.method));
        }
        lines.add("host all +%s all scram-sha-256".formatted(MEMBERS));
        lines.add("host all all all trust");
        lines.add("host replication all all trust");
        try (Statement statement = superuser.createStatement()) {
            String file;
            try (ResultSet row = statement.executeQuery("SHOW hba_file")) {
                row.next();
                file = row.getString(1);
            }
            statement.execute("COPY (SELECT unnest(ARRAY['%s'])) TO '%s'"
                    .formatted(String.join("','", lines), file.replace("'", "''")));
            statement.execute("SELECT pg_reload_conf()");
        }
    }
}
