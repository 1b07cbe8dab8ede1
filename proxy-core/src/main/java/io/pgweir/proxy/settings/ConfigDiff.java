package io.pgweir.proxy.settings;

import io.pgweir.proxy.hba.HbaRules;
import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import io.pgweir.proxy.settings.Setting.Change;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what is otherwise between the configuration in force and one that has just been read. */
final class ConfigDiff {
    private static final String NONE = "none";
    private static final String CHANGED = "changed";
    private static final String SAME = "***";
    private static final String OF_ANY = "* ";
    private static final String MOVES =
            "in force for new clients and those who are here; open backends are replaced as they come free";
    private static final String KEEPS =
            ". A pool in use keeps pool_mode, listen_mode and listen_extra_connection until" + " nobody uses it";

    private final LoadedConfig running;
    private final LoadedConfig read;
    private final ProxyConfig before;
    private final ProxyConfig after;
    private final List<ConfigChange> changes = new ArrayList<>();

    /** Both without problems. */
    ConfigDiff(LoadedConfig running, LoadedConfig read) {
        this.running = running;
        this.read = read;
        this.before = running.config().orElseThrow();
        this.after = read.config().orElseThrow();
    }

    List<ConfigChange> changes() {
        settings();
        rules();
        databases();
        users();
        exceptions();
        return changes;
    }

    // ---- settings

    private void settings() {
        for (EffectiveValue value : read.values()) {
            Setting<?> setting = value.setting();
            if (setting.scope().isOfPools()) {
                ofDatabases(setting);
            } else if (setting != Settings.DATABASE_URL && setting != Settings.DATABASE_URL_FILE) {
                // What a database URL says shows with the databases.
                EffectiveValue old = ReloadPlan.find(setting, running.values());
                if (!old.text().equals(value.text())) {
                    add(
                            "",
                            setting.name(),
                            old.text(),
                            value.text(),
                            setting.change().effect());
                }
            }
        }
    }

    /** One line if all databases follow the general value, else one for each that differs. */
    private void ofDatabases(Setting<?> setting) {
        String was = ReloadPlan.find(setting, running.values()).text();
        String is = ReloadPlan.find(setting, read.values()).text();
        List<ConfigChange> found = new ArrayList<>();
        int common = 0;
        for (DatabaseConfig database : after.databases()) {
            DatabaseConfig old = before.named(database.name());
            if (old == null) {
                continue;
            }
            common++;
            ConfigChange change = ofDatabase(setting, old, database);
            if (change != null) {
                found.add(change);
            }
        }
        boolean general = found.size() == common
                && found.stream()
                        .allMatch(change -> change.before().equals(was)
                                && change.after().equals(is)
                                && change.effect().equals(found.get(0).effect()));
        if (common > 0 && general) {
            add("", setting.name(), was, is, found.get(0).effect());
        } else {
            changes.addAll(found);
        }
    }

    private @Nullable ConfigChange ofDatabase(Setting<?> setting, DatabaseConfig old, DatabaseConfig database) {
        EffectiveValue was = ReloadPlan.find(setting, running.pools().getOrDefault(database.name(), List.of()));
        EffectiveValue is = ReloadPlan.find(setting, read.pools().getOrDefault(database.name(), List.of()));
        boolean secret = setting == TlsSettings.SSLPASSWORD || setting == AuthSettings.AUTH_PASSWORD;
        boolean same = secret
                ? Objects.equals(secret(setting, old), secret(setting, database))
                : was.text().equals(is.text());
        if (same) {
            return null;
        }
        int limit = database.keeping(old).pool().connectionLimit();
        String effect = ReloadPlan.stays(is, limit)
                ? Change.RESTART.effect()
                : setting.change().effect();
        return new ConfigChange(
                name(database), setting.name(), secret ? SAME : was.text(), secret ? CHANGED : is.text(), effect);
    }

    /** Whether it stands there, in its file or somewhere else. */
    private static @Nullable Secret secret(Setting<?> setting, DatabaseConfig database) {
        if (setting == TlsSettings.SSLPASSWORD) {
            return database.tls().keyPassword();
        }
        AuthQuerySettings asked = database.authQuery();
        return asked == null ? null : asked.password();
    }

    /** What is in the file of rules, whose name may be the same. */
    private void rules() {
        HbaRules was = before.access().hba();
        HbaRules is = after.access().hba();
        if (was != null && is != null && !was.equals(is)) {
            add(
                    "",
                    "lines of " + AuthSettings.AUTH_HBA_FILE.name(),
                    String.valueOf(was.rules().size()),
                    is.rules().size() + " (others)",
                    Change.NEW_CLIENTS.effect());
        }
    }

    // ---- databases

    private void databases() {
        for (DatabaseConfig database : after.databases()) {
            DatabaseConfig old = before.named(database.name());
            DatabaseConfig any = before.database(database.name());
            if (old == null && any != null) {
                boolean kept = !database.pool().keeping(any.pool()).equals(database.pool());
                add(name(database), "database", OF_ANY + hosts(any), hosts(database), MOVES + (kept ? KEEPS : ""));
            } else if (old == null) {
                add(name(database), "database", NONE, hosts(database), "clients may ask for it now");
            } else {
                parts(old, database);
            }
        }
        for (DatabaseConfig old : before.databases()) {
            DatabaseConfig any = after.database(old.name());
            if (any != null && !any.name().equals(old.name())) {
                boolean kept = !any.pool().keeping(old.pool()).equals(any.pool());
                add(name(old), "database", hosts(old), OF_ANY + hosts(any), MOVES + (kept ? KEEPS : ""));
            } else if (any == null) {
                add(
                        name(old),
                        "database",
                        hosts(old),
                        NONE,
                        "new clients are refused; who is here stays, and its backends are closed when they have gone");
            }
        }
    }

    private void parts(DatabaseConfig old, DatabaseConfig database) {
        String name = name(database);
        String effect = Change.REPLACES.effect();
        part(name, "hosts", hosts(old), hosts(database), effect);
        part(name, "dbname", text(old.backendDatabase()), text(database.backendDatabase()), effect);
        part(
                name,
                "startup_parameters",
                parameters(old.startupParameters()),
                parameters(database.startupParameters()),
                effect);
        part(name, "user", text(old.user()), text(database.user()), Change.AT_ONCE.effect());
        part(
                name,
                ClientCount.KEY,
                ClientCount.text(old.maxClients()),
                ClientCount.text(database.maxClients()),
                Change.AT_ONCE.effect());
        boolean own = Objects.equals(old.user(), database.user())
                && database.user() != null
                && after.users().containsKey(database.user());
        if (own && !Objects.equals(old.password(), database.password())) {
            add(name, "password", SAME, CHANGED, Change.NEW_BACKENDS.effect());
        }
    }

    private static String name(DatabaseConfig database) {
        return "database " + database.name();
    }

    private static String hosts(DatabaseConfig database) {
        return database.hosts().stream().map(HostPort::toString).collect(Collectors.joining(","));
    }

    private static String parameters(Map<String, String> parameters) {
        return parameters.isEmpty() ? NONE : new TreeMap<>(parameters).toString();
    }

    // ---- users

    private void users() {
        Set<String> names = new TreeSet<>(before.userNames());
        names.addAll(after.userNames());
        for (String name : names) {
            String of = "user " + name;
            boolean knew = before.userNames().contains(name);
            if (knew && !after.userNames().contains(name)) {
                add(of, "user", SAME, NONE, "new logins are refused; who is connected stays");
            } else if (!knew) {
                add(of, "user", NONE, SAME, "may log in now");
            } else {
                if (!Objects.equals(password(before, name), password(after, name))) {
                    add(of, "password", SAME, CHANGED, "new logins need it, and new backends are opened with it");
                }
                part(of, ClientCount.KEY, mostClients(before, name), mostClients(after, name), Change.AT_ONCE.effect());
            }
        }
    }

    private static @Nullable Secret password(ProxyConfig config, String name) {
        UserConfig user = config.user(name);
        return user == null ? null : user.password();
    }

    private static String mostClients(ProxyConfig config, String name) {
        UserConfig user = config.users().get(name);
        return ClientCount.text(user == null ? null : user.maxClients());
    }

    // ---- exceptions

    private void exceptions() {
        Set<String> all = new LinkedHashSet<>(running.exceptions().keySet());
        all.addAll(read.exceptions().keySet());
        for (String who : all) {
            Map<Setting<?>, String> was = texts(running.exceptions().get(who));
            Map<Setting<?>, String> is = texts(read.exceptions().get(who));
            Set<Setting<?>> limits = new LinkedHashSet<>(was.keySet());
            limits.addAll(is.keySet());
            for (Setting<?> limit : limits) {
                part(who, limit.name(), text(was.get(limit)), text(is.get(limit)), Change.AT_ONCE.effect());
            }
        }
    }

    private static Map<Setting<?>, String> texts(@Nullable List<EffectiveValue> values) {
        Map<Setting<?>, String> texts = new LinkedHashMap<>();
        if (values != null) {
            values.forEach(value -> texts.put(value.setting(), value.text()));
        }
        return texts;
    }

    // ---- lines

    private void part(String of, String what, String old, String now, String effect) {
        if (!old.equals(now)) {
            add(of, what, old, now, effect);
        }
    }

    private void add(String of, String what, String old, String now, String effect) {
        changes.add(new ConfigChange(of, what, old, now, effect));
    }

    private static String text(@Nullable String value) {
        return value == null ? NONE : value;
    }
}
