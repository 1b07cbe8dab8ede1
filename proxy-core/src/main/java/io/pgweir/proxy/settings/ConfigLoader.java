package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Turns flags, environment, file and database URLs into one configuration, or into the list of everything that is wrong.
 *
 * <p>Strongest first: flag, {@code PGWEIR_*} variable, the database's own keys in the file, parameters of its URL, the
 * file's top level, default. {@code DATABASE_URL} is weaker than {@code PGWEIR_DATABASE_URL} and stronger than
 * {@code database_url} in the file. Reads files, so never call it on an event loop.
 */
public final class ConfigLoader {
    private final ConfigSources sources;
    private final Problems problems = new Problems();
    private final Layer flags = new Layer();
    private final Layer environment = new Layer();
    private final Layer databaseUrlVariable = new Layer();
    private final YamlFile file;
    private final Values general;

    private ConfigLoader(ConfigSources sources) {
        this.sources = sources;
        readFlags();
        Environment.read(sources.environment(), environment, databaseUrlVariable, problems);
        Values own = new Values(List.of(flags, environment));
        String path = own.find(Settings.CONFIG);
        this.file = path == null
                ? YamlFile.none(problems)
                : YamlFile.read(path, own.where(Settings.CONFIG), sources.environment(), problems);
        Environment.checkNames(sources.environment(), file.variables(), problems);
        this.general = new Values(List.of(flags, environment, databaseUrlVariable, file.settings()));
    }

    /** Reads everything; never throws for wrong input. */
    public static LoadedConfig load(ConfigSources sources) {
        return new ConfigLoader(sources).load();
    }

    private void readFlags() {
        sources.flags().entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(flag -> {
            Setting<?> setting = Settings.byName(flag.getKey());
            if (setting == null) {
                throw new IllegalArgumentException("no setting is called " + flag.getKey());
            }
            flags.put(setting, flag.getValue(), setting.flag(), problems);
        });
    }

    private LoadedConfig load() {
        Databases databases = new Databases(List.of(flags, environment), file, problems);
        DatabaseUrl url = databaseUrl();
        if (url != null) {
            databases.add(url);
        }
        databases.addEntries();
        if (databases.list().isEmpty()) {
            general.checkPool(problems);
        }
        Map<String, UserConfig> users = file.users();
        Checks checks = new Checks(general, problems);
        checks.listeners();
        HttpAccess http = HttpSettings.access(general, problems);
        ListenerTls tls = new TlsChecks(general, problems).listener();
        AccessSettings access = new AuthChecks(general, problems).access(tls, users);
        general.checkBreaker(problems);
        checks.databases(databases.list(), databases.places(), anyDatabaseAttempted());
        checks.users(databases.list(), users, databases.places());
        return new LoadedConfig(
                problems.none() ? Optional.of(config(http, tls, access, databases.list(), users)) : Optional.empty(),
                problems.problems(),
                problems.notes(),
                effective(general, false),
                http,
                databases.values().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey,
                                e -> effective(e.getValue(), true),
                                (a, b) -> a,
                                LinkedHashMap::new)),
                exceptions(file.exceptions()),
                sources);
    }

    /** The URL of the strongest source that gives one. */
    private @Nullable DatabaseUrl databaseUrl() {
        for (Layer layer : List.of(flags, environment, databaseUrlVariable, file.settings())) {
            Layer.Given url = layer.get(Settings.DATABASE_URL);
            Layer.Given named = layer.get(Settings.DATABASE_URL_FILE);
            if (url != null && named != null) {
                problems.add(named.where(), "database_url_file contradicts " + url.where() + ": keep one of them");
            }
            if (url != null) {
                return DatabaseUrl.parse((String) url.value(), url.where(), problems);
            }
            if (named != null) {
                return fromFile(named, layer == file.settings());
            }
        }
        return null;
    }

    private @Nullable DatabaseUrl fromFile(Layer.Given named, boolean besideFile) {
        try {
            Path path = SecretFiles.path((String) named.value());
            String text = SecretFiles.readLine(besideFile ? file.resolve(path) : path);
            return DatabaseUrl.parse(text, named.where(), problems);
        } catch (BadValue e) {
            problems.add(named.where(), String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Whether somebody tried to name a database, so that "no database" would only repeat another problem. */
    private boolean anyDatabaseAttempted() {
        return file.mayNameDatabases()
                || sources.flags().containsKey(Settings.DATABASE_URL.name())
                || sources.flags().containsKey(Settings.DATABASE_URL_FILE.name())
                || general.find(Settings.DATABASE_URL) != null
                || general.find(Settings.DATABASE_URL_FILE) != null;
    }

    private ProxyConfig config(
            HttpAccess http,
            ListenerTls tls,
            AccessSettings access,
            List<DatabaseConfig> databases,
            Map<String, UserConfig> users) {
        Set<String> stats = general.find(Settings.STATS_USERS);
        Set<String> admins = general.find(Settings.ADMIN_USERS);
        return new ProxyConfig(
                general.get(Settings.LISTEN).orElseThrow(),
                general.get(Settings.HTTP).orElse(null),
                http,
                tls,
                general.get(TlsSettings.TLS_PROVIDER),
                general.get(Settings.REUSE_PORT),
                general.get(ProcessSettings.EVENT_LOOPS),
                general.get(ProcessSettings.TRANSPORT),
                general.get(Settings.MAX_CLIENTS),
                general.get(Settings.MAX_POOLS),
                new ClientBounds(
                        general.get(ClientBoundsSettings.MAX_UNAUTHENTICATED),
                        general.get(ClientBoundsSettings.MAX_UNAUTHENTICATED_PER_ADDRESS),
                        general.get(ClientBoundsSettings.CLIENT_BUFFER_LIMIT)),
                general.get(Settings.CLIENT_LOGIN_TIMEOUT),
                general.get(Settings.CLIENT_AUTH),
                access,
                databases,
                users,
                file.exceptions(),
                admins == null ? Set.of() : admins,
                stats == null ? urlUsers(databases) : stats,
                general.get(ProcessSettings.SHUTDOWN_TIMEOUT),
                general.get(ProcessSettings.LOG_FORMAT),
                general.get(ProcessSettings.LOG_LEVEL),
                StatementSettings.rules(general),
                general.breaker(),
                general.pool());
    }

    private static Set<String> urlUsers(List<DatabaseConfig> databases) {
        return databases.stream()
                .map(DatabaseConfig::user)
                .filter(Objects::nonNull)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** By what they are for, applications first, as they are stronger. */
    private static Map<String, List<EffectiveValue>> exceptions(LimitExceptions exceptions) {
        Map<String, List<EffectiveValue>> shown = new LinkedHashMap<>();
        exceptions.applications().forEach((name, limits) -> shown.put("application '" + name + "'", values(limits)));
        exceptions.users().forEach((name, limits) -> shown.put("user '" + name + "'", values(limits)));
        return shown;
    }

    private static List<EffectiveValue> values(Layer layer) {
        Values values = new Values(List.of(layer));
        return layer.values().keySet().stream()
                .map(setting -> new EffectiveValue(setting, values.text(setting), values.where(setting)))
                .toList();
    }

    private static List<EffectiveValue> effective(Values values, boolean poolOnly) {
        List<EffectiveValue> effective = new ArrayList<>();
        for (Setting<?> setting : Settings.all()) {
            if (!setting.hidden() && (!poolOnly || setting.scope().isOfPools())) {
                effective.add(new EffectiveValue(setting, values.text(setting), values.where(setting)));
            }
        }
        return List.copyOf(effective);
    }
}
