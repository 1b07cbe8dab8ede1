package io.pgweir.proxy.testkit;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * One real PostgreSQL per JVM, started at first use and stopped with the JVM.
 *
 * <p>Which one, in this order: the superuser URL in the environment variable {@code PGWEIR_TEST_DATABASE_URL}; a
 * container, where a Docker engine has the images and starts it ({@link ContainerPostgres}); the embedded binaries. With
 * {@code PGWEIR_TEST_POSTGRES=container} it is a container or an error, with {@code embedded} no engine is asked.
 *
 * <p>A server that this class started accepts its superuser without a password and has one role per authentication
 * method ({@link TestRole}). On a given server the roles are created, but its {@code pg_hba.conf} is left alone: tests
 * of authentication ask {@link #checksPasswords()} first. Safe for use by several threads.
 */
public final class RealPostgres {

    private final PostgresOrigin origin;
    private final boolean checksPasswords;

    private RealPostgres(PostgresOrigin origin) throws SQLException {
        this.origin = origin;
        try (Connection connection = connect()) {
            TestRole.createAll(connection);
            if (origin.ours()) {
                TestRole.rewriteHba(connection);
                Awaitility.await("reload of pg_hba.conf").until(this::refusesWrongPasswords);
            }
        }
        checksPasswords = refusesWrongPasswords();
    }

    /** Starts the server at the first call. @throws IllegalStateException if there is none to be had */
    public static RealPostgres get() {
        return Holder.INSTANCE;
    }

    /** Where this server comes from, for messages: "given by ...", "container of ...", "embedded, because ...". */
    public String describe() {
        return origin.description();
    }

    public String host() {
        return origin.host();
    }

    public int port() {
        return origin.port();
    }

    public String superuser() {
        return origin.user();
    }

    /** Null where the superuser needs none. */
    public @Nullable String superuserPassword() {
        return origin.password();
    }

    /** Whether {@code pg_hba.conf} really asks {@link TestRole}s for their passwords by their methods. */
    public boolean checksPasswords() {
        return checksPasswords;
    }

    /** URL without user and password. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://" + host() + ":" + port() + "/" + database;
    }

    /** The superuser, in database postgres, past any proxy. */
    public Connection connect() throws SQLException {
        return connect("postgres");
    }

    /** The superuser in the given database, past any proxy. */
    public Connection connect(String database) throws SQLException {
        return connect(database, superuser(), superuserPassword());
    }

    /** A role in the given database, past any proxy. */
    public Connection connect(String database, String user, @Nullable String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("ApplicationName", "testkit");
        if (password != null) {
            properties.setProperty("password", password);
        }
        return DriverManager.getConnection(jdbcUrl(database), properties);
    }

    /** A new empty database with a random name, in which every role may create tables. */
    public String createDatabase() throws SQLException {
        String name = "t_" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);
        execute("CREATE DATABASE " + name);
        try (Connection connection = connect(name);
                Statement statement = connection.createStatement()) {
            statement.execute("GRANT ALL ON SCHEMA public TO public");
        }
        return name;
    }

    /** Drops a database with whatever is still connected to it. */
    public void dropDatabase(String name) throws SQLException {
        execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    /** Runs one command as superuser in database postgres. */
    public void execute(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of the first row as text, as superuser in database postgres; null if it is. */
    public @Nullable String queryForString(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            if (!rows.next()) {
                throw new IllegalStateException("no row");
            }
            return rows.getString(1);
        }
    }

    /** One client backend in {@code pg_stat_activity}. {@code state} is null while it starts. */
    public record Backend(
            int pid,
            @Nullable String user,
            String applicationName,
            @Nullable String state,
            String query) {}

    /** Client backends of a database or with an application_name, this helper's own connection apart. */
    public List<Backend> backends(String databaseOrApplicationName) throws SQLException {
        String sql = """
                SELECT pid, usename, application_name, state, query FROM pg_stat_activity
                WHERE (datname = ? OR application_name = ?)
                  AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid""";
        List<Backend> found = new ArrayList<>();
        try (Connection connection = connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, databaseOrApplicationName);
            statement.setString(2, databaseOrApplicationName);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(new Backend(
                            rows.getInt(1),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getString(4),
                            rows.getString(5)));
                }
            }
        }
        return found;
    }

    /** How many {@link #backends} there are now. */
    public int backendsOf(String databaseOrApplicationName) throws SQLException {
        return backends(databaseOrApplicationName).size();
    }

    /** Asks one backend to end ({@code pg_terminate_backend}). False if there is no such process. */
    public boolean terminate(int pid) throws SQLException {
        return "t".equals(queryForString("SELECT pg_terminate_backend(" + pid + ")"));
    }

    /** Asks all {@link #backends} to end, and says how many were asked. */
    public int terminateAll(String databaseOrApplicationName) throws SQLException {
        int asked = 0;
        for (Backend backend : backends(databaseOrApplicationName)) {
            asked += terminate(backend.pid()) ? 1 : 0;
        }
        return asked;
    }

    private boolean refusesWrongPasswords() throws SQLException {
        return refuses(TestRole.SCRAM) && refuses(TestRole.MD5) && refuses(TestRole.PLAIN);
    }

    private boolean refuses(TestRole role) throws SQLException {
        try (Connection connection = connect("postgres", role.user(), "not the password")) {
            return connection.isClosed();
        } catch (SQLException refused) {
            if ("28P01".equals(refused.getSQLState())) {
                return true;
            }
            throw refused;
        }
    }

    private static final class Holder {
        static final RealPostgres INSTANCE = start();

        private static RealPostgres start() {
            try {
                return new RealPostgres(PostgresOrigin.choose());
            } catch (Exception e) {
                throw new IllegalStateException("no PostgreSQL for the tests: " + e.getMessage(), e);
            }
        }
    }
}
