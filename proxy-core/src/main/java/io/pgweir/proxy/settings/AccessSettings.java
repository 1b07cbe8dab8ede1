package io.pgweir.proxy.settings;

import io.pgweir.proxy.hba.HbaRules;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may come in, and how many of them.
 *
 * @param hba the rules of {@code auth_hba_file}; null: {@code client_auth} is for all
 * @param maxUserClients most clients of one user at one time; 0: no limit
 * @param maxDatabaseClients most clients of one database at one time; 0: no limit
 * @param userClients those users who have a limit of their own
 * @param failedLogins wrong passwords that one address may send in a row without being slowed down, and as many more each
 *     minute; 0: any number
 */
public record AccessSettings(
        @Nullable HbaRules hba,
        int maxUserClients,
        int maxDatabaseClients,
        Map<String, Integer> userClients,
        int failedLogins) {

    /** What the admin console is called as a database; rules for one of these names are for the others as well. */
    public static final List<String> CONSOLE = List.of("pgweir", "pgbouncer");

    public AccessSettings {
        userClients = Map.copyOf(userClients);
    }

    /** Most clients of this user; 0: no limit. */
    public int mostOf(String user) {
        return userClients.getOrDefault(user, maxUserClients);
    }

    /** Most clients of a database; 0: no limit. */
    public int mostOf(DatabaseConfig database) {
        Integer own = database.maxClients();
        return own == null ? maxDatabaseClients : own;
    }
}
