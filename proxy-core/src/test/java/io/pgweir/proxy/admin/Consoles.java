package io.pgweir.proxy.admin;

import io.pgweir.proxy.testkit.RunningProxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Connections to the console, as user dba (an admin) unless said otherwise. */
final class Consoles {
    static final String[] USERS = {"admin_users", "dba", "stats_users", "watcher"};

    private Consoles() {}

    static Connection open(RunningProxy proxy) throws SQLException {
        return open(proxy, "pgweir", "dba", "simple");
    }

    static Connection open(RunningProxy proxy, String database, String user, String mode) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + proxy.port() + "/" + database + "?user="
                + user + "&preferQueryMode=" + mode);
    }

    static void run(Connection console, String command) throws SQLException {
        try (java.sql.Statement statement = console.createStatement()) {
            statement.execute(command);
        }
    }

    /** By column, in the order of the columns. */
    static List<Map<String, String>> rows(Connection console, String command) throws SQLException {
        try (java.sql.Statement statement = console.createStatement();
                ResultSet result = statement.executeQuery(command)) {
            return rows(result);
        }
    }

    static List<Map<String, String>> rows(ResultSet result) throws SQLException {
        List<Map<String, String>> rows = new ArrayList<>();
        while (result.next()) {
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                row.put(result.getMetaData().getColumnName(i), result.getString(i));
            }
            rows.add(row);
        }
        return rows;
    }

    /** The only row that {@code which} is true of. */
    static Map<String, String> row(Connection console, String command, Predicate<Map<String, String>> which)
            throws SQLException {
        List<Map<String, String>> all = rows(console, command);
        List<Map<String, String>> found = all.stream().filter(which).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " rows instead of 1 in " + all);
        }
        return found.get(0);
    }
}
