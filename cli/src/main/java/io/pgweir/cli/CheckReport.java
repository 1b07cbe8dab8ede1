package io.pgweir.cli;

import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.UserConfig;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What {@code pgweir check} prints about a configuration without problems. Never a password. */
final class CheckReport {
    private final LoadedConfig loaded;
    private final ProxyConfig config;
    private final StringBuilder text = new StringBuilder();

    private CheckReport(LoadedConfig loaded) {
        this.loaded = loaded;
        this.config = loaded.config().orElseThrow();
    }

    static String of(LoadedConfig loaded) {
        CheckReport report = new CheckReport(loaded);
        report.write();
        return report.text.toString();
    }

    private void write() {
        line("Settings of the process");
        values(loaded.values().stream()
                .filter(v -> v.setting().scope() == Setting.Scope.GLOBAL)
                .toList());
        for (DatabaseConfig database : config.databases()) {
            line("");
            database(database);
        }
        loaded.exceptions().forEach((who, limits) -> {
            line("");
            line("Instead, for " + who);
            values(limits);
        });
        if (!loaded.notes().isEmpty()) {
            line("");
            line("Notes");
            loaded.notes().forEach(note -> line("  " + note));
        }
        line("");
        line("No problems found.");
    }

    private void database(DatabaseConfig database) {
        String hosts = database.hosts().stream().map(HostPort::toString).collect(Collectors.joining(", "));
        String target = database.backendDatabase() == null ? "the same name" : "'" + database.backendDatabase() + "'";
        line((database.isWildcard() ? "Any other database" : "Database '" + database.name() + "'") + " -> " + target
                + " on " + hosts + ", sslmode "
                + database.tls().mode().text());
        if (!database.startupParameters().isEmpty()) {
            line("  startup parameters: "
                    + new TreeMap<>(database.startupParameters())
                            .entrySet().stream()
                                    .map(e -> e.getKey() + "=" + e.getValue())
                                    .collect(Collectors.joining(", ")));
        }
        line("  pools: " + pools(database));
        values(loaded.pools().getOrDefault(database.name(), List.of()));
    }

    private String pools(DatabaseConfig database) {
        Set<String> users = new TreeSet<>(config.users().keySet());
        for (DatabaseConfig other : config.databases()) {
            String user = other.user();
            if (user != null) {
                users.add(user);
            }
        }
        String prefix = (database.isWildcard() ? "DATABASE" : database.name()) + "/";
        String named = users.stream()
                .map(user -> prefix + user + password(database, user))
                .collect(Collectors.joining(", "));
        boolean others = switch (config.clientAuth()) {
            case TRUST, CERT -> true;
            case SCRAM, MD5, PASSWORD ->
                database.authQuery() != null || config.access().hba() != null;
        };
        String any = others ? prefix + "USER for any other user" : "";
        String list = named.isEmpty() || any.isEmpty() ? named + any : named + ", " + any;
        return list + "; at most " + database.pool().connectionLimit() + " backends each";
    }

    private String password(DatabaseConfig database, String user) {
        UserConfig known = config.user(user);
        if (known == null || (known.password() == null && config.backendPassword(database, user) == null)) {
            return " (no password)";
        }
        return "";
    }

    private void values(List<EffectiveValue> values) {
        for (EffectiveValue value : values) {
            line(String.format(Locale.ROOT, "  %-38s %-22s %s", value.setting().name(), value.text(), value.where())
                    .stripTrailing());
        }
    }

    private void line(String line) {
        text.append(line).append(System.lineSeparator());
    }
}
