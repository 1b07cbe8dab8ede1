package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.FileName;
import io.pgweir.proxy.settings.ValueType.Text;
import io.pgweir.proxy.settings.ValueType.Time;
import io.pgweir.proxy.settings.ValueType.Whole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the {@link Settings} table that is about who may come in. */
final class AuthSettings {
    private static final int MOST = 1_000_000;
    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<String> AUTH_HBA_FILE = add(
            Scope.GLOBAL,
            Change.NEW_CLIENTS,
            "auth_hba_file",
            new FileName(),
            null,
            "file in the form of pg_hba.conf that says who may come in by which proof, instead of client_auth");
    static final Setting<String> AUTH_USER = add(
            Scope.POOL,
            Change.NEW_CLIENTS,
            "auth_user",
            new Text("ROLE", false),
            null,
            "role that asks the database for the passwords of users who are not in the configuration");
    static final Setting<String> AUTH_PASSWORD =
            add(Scope.POOL, Change.NEW_CLIENTS, "auth_password", new Text("TEXT", true), null, "password of auth_user");
    static final Setting<String> AUTH_PASSWORD_FILE = add(
            Scope.POOL,
            Change.NEW_CLIENTS,
            "auth_password_file",
            new FileName(),
            null,
            "file that holds the password of auth_user");
    static final Setting<String> AUTH_DBNAME = add(
            Scope.POOL,
            Change.NEW_CLIENTS,
            "auth_dbname",
            new Text("NAME", false),
            null,
            "database on the server that is asked; else the one of the pool, and postgres for \"*\"");
    static final Setting<String> AUTH_QUERY = add(
            Scope.POOL,
            Change.NEW_CLIENTS,
            "auth_query",
            new Text("SQL", false),
            null,
            "query for name and password of user $1; else one of pg_authid, see authentication.md");
    static final Setting<Duration> AUTH_QUERY_TTL = add(
            Scope.POOL,
            Change.NEW_CLIENTS,
            "auth_query_ttl",
            new Time(Duration.ZERO, Duration.ofHours(24), null),
            "5s",
            "time that an answer to auth_query counts; while the database is away, older ones serve for an hour");
    static final Setting<Integer> MAX_USER_CLIENTS = add(
            Scope.GLOBAL,
            Change.AT_ONCE,
            "max_user_clients",
            new Whole(0, MOST, "off"),
            "off",
            "most clients of one user at one time, unless users says otherwise");
    static final Setting<Integer> MAX_DB_CLIENTS = add(
            Scope.GLOBAL,
            Change.AT_ONCE,
            "max_db_clients",
            new Whole(0, MOST, "off"),
            "off",
            "most clients of one database at one time, unless databases says otherwise");
    static final Setting<Integer> FAILED_LOGIN_LIMIT = add(
            Scope.GLOBAL,
            Change.AT_ONCE,
            "failed_login_limit",
            new Whole(0, MOST, "off"),
            "20",
            "wrong passwords of one address that are answered at once, and so many more each minute; then slowly");

    private AuthSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    private static <T> Setting<T> add(
            Scope scope,
            Change change,
            String name,
            ValueType<T> type,
            @Nullable String defaultText,
            String description) {
        Setting<T> setting = new Setting<>(
                name, Group.AUTHENTICATION, scope, type, defaultText, List.of(), false, change, description);
        ROWS.add(setting);
        return setting;
    }
}
