package io.pgweir.proxy.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong between values that are each right. */
final class Checks {
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "::1", "0.0.0.0", "::");

    private final Values values;
    private final Problems problems;

    Checks(Values values, Problems problems) {
        this.values = values;
        this.problems = problems;
    }

    void listeners() {
        HostPort listen = values.get(Settings.LISTEN).orElseThrow();
        Optional<HostPort> http = values.get(Settings.HTTP);
        if (http.isPresent() && http.get().port() != 0 && meet(listen, http.get())) {
            problems.add(
                    values.where(Settings.HTTP).equals("default")
                            ? values.where(Settings.LISTEN)
                            : values.where(Settings.HTTP),
                    "http and listen have the same port " + listen.port() + ": give one of them another");
        }
    }

    void databases(List<DatabaseConfig> databases, Map<String, String> places, boolean attempted) {
        if (databases.isEmpty() && !attempted) {
            problems.add(
                    Settings.DATABASE_URL.flag(),
                    "no database is named: give --database-url, set DATABASE_URL, or write databases into a file for "
                            + "--config");
        }
        HostPort listen = values.get(Settings.LISTEN).orElseThrow();
        for (DatabaseConfig database : databases) {
            String place = String.valueOf(places.get(database.name()));
            if (AccessSettings.CONSOLE.contains(database.name())) {
                problems.add(
                        place,
                        "the name '" + database.name() + "' belongs to the admin console: clients need "
                                + "another name for this database");
            }
            if (database.hosts().stream().anyMatch(host -> meet(listen, host))) {
                problems.add(
                        place,
                        "this is the address that pgweir itself listens on (" + listen
                                + "): name the PostgreSQL server, or listen elsewhere");
            }
        }
    }

    void users(List<DatabaseConfig> databases, Map<String, UserConfig> users, Map<String, String> places) {
        Map<String, DatabaseConfig> first = new HashMap<>();
        boolean password = users.values().stream().anyMatch(user -> user.password() != null);
        for (DatabaseConfig database : databases) {
            String user = database.user();
            Secret secret = database.password();
            password |= secret != null;
            UserConfig named = user == null ? null : users.get(user);
            if (user == null || secret == null || (named != null && named.password() != null)) {
                continue;
            }
            DatabaseConfig earlier = first.putIfAbsent(user, database);
            if (earlier != null && !Objects.equals(earlier.password(), secret)) {
                problems.add(
                        String.valueOf(places.get(database.name())),
                        "user '" + user + "' has another password here than for database '" + earlier.name()
                                + "': write the one that clients prove under users");
            }
        }
        ClientAuth method = values.get(Settings.CLIENT_AUTH);
        boolean byPassword = method != ClientAuth.TRUST
                && method != ClientAuth.CERT
                && values.find(AuthSettings.AUTH_HBA_FILE) == null;
        boolean asks = databases.stream().anyMatch(database -> database.authQuery() != null);
        if (byPassword && !asks && !password && !databases.isEmpty()) {
            problems.add(
                    placeOfMissingPassword(databases, places),
                    "client_auth is " + method.text()
                            + " but no user has a password: put user:password into the database"
                            + " URL, write users into the file, name an auth_user, or choose --client-auth trust");
        }
        if (byPassword) {
            consoleUsers(Settings.ADMIN_USERS, databases, users);
            consoleUsers(Settings.STATS_USERS, databases, users);
        }
    }

    private static String placeOfMissingPassword(List<DatabaseConfig> databases, Map<String, String> places) {
        @Nullable String place = places.get(databases.get(0).name());
        return place == null ? Settings.CLIENT_AUTH.flag() : place;
    }

    private void consoleUsers(
            Setting<Set<String>> setting, List<DatabaseConfig> databases, Map<String, UserConfig> users) {
        Set<String> named = values.find(setting);
        if (named == null) {
            return;
        }
        for (String name : named) {
            // The entry for any database is asked for users of the console as well.
            boolean known = users.containsKey(name)
                    || databases.stream()
                            .anyMatch(d -> name.equals(d.user()) || (d.isWildcard() && d.authQuery() != null));
            if (!known) {
                problems.note(
                        values.where(setting),
                        "user '" + name + "' has no password here, so nobody can log in as this user");
            }
        }
    }

    /** Whether a connection to {@code target} would reach a listener on {@code listen}, as far as names tell. */
    private static boolean meet(HostPort listen, HostPort target) {
        return listen.port() == target.port()
                && (listen.host().equalsIgnoreCase(target.host())
                        || (THIS_MACHINE.contains(listen.host()) && THIS_MACHINE.contains(target.host())));
    }
}
