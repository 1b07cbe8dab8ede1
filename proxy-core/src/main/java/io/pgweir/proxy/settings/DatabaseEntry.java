package io.pgweir.proxy.settings;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One entry under {@code databases}: a URL or its parts, and any pool setting. */
final class DatabaseEntry {
    private static final List<String> PARTS = List.of(
            "url",
            "url_file",
            "host",
            "port",
            "dbname",
            "user",
            "password",
            "password_file",
            "password_env",
            "startup_parameters",
            ClientCount.KEY);

    final String name;
    final String where;
    final Layer pool = new Layer();
    final Map<String, String> startupParameters = new LinkedHashMap<>();

    @Nullable
    DatabaseUrl url;

    List<HostPort> hosts = List.of();

    @Nullable
    String dbname;

    @Nullable
    String user;

    @Nullable
    Secret password;

    @Nullable
    Integer maxClients;

    private DatabaseEntry(String name, String where) {
        this.name = name;
        this.where = where;
    }

    static DatabaseEntry read(String name, YamlNode.Entry entry, SecretSource secrets) {
        DatabaseEntry database = new DatabaseEntry(name, entry.key().where());
        YamlNode value = entry.value();
        if (name.isBlank()) {
            entry.key().problem("a database needs a name; '*' is any database");
        }
        if (value.isScalar()) {
            database.url = DatabaseUrl.parse(String.valueOf(value.text(name, false)), value.where(), value.problems());
            return database;
        }
        Map<String, YamlNode.Entry> entries = value.entries("database '" + Suggestions.quoted(name) + "'");
        entries.forEach((key, one) -> {
            Setting<?> setting = Settings.byName(key);
            if (setting != null && setting.scope().isOfPools()) {
                YamlFile.put(setting, one.value(), database.pool);
            } else if (!PARTS.contains(key)) {
                List<String> known = new ArrayList<>(PARTS);
                known.addAll(Settings.namesOfPools());
                String advice = setting == null
                        ? Suggestions.didYouMean(key, known)
                        : ": it is for the whole process and belongs to the top level";
                one.key().problem("unknown key '" + Suggestions.quoted(key) + "' of a database" + advice);
            }
        });
        database.parts(entries, secrets, entry.key());
        return database;
    }

    private void parts(Map<String, YamlNode.Entry> entries, SecretSource secrets, YamlNode key) {
        dbname = text(entries, "dbname");
        user = text(entries, "user");
        password = secrets.password(entries);
        maxClients = ClientCount.of(entries);
        if (entries.containsKey("startup_parameters")) {
            entries.get("startup_parameters")
                    .value()
                    .entries("startup_parameters")
                    .forEach((name, one) -> {
                        String text = one.value().text(name, false);
                        if (text != null) {
                            startupParameters.put(name, text);
                        }
                    });
        }
        urlOrHost(entries, secrets, key);
    }

    private void urlOrHost(Map<String, YamlNode.Entry> entries, SecretSource secrets, YamlNode key) {
        List<String> given = List.of("url", "url_file", "host").stream()
                .filter(entries::containsKey)
                .toList();
        if (given.isEmpty()) {
            key.problem("database '" + Suggestions.quoted(name) + "' has neither url nor host");
            return;
        }
        if (given.size() > 1) {
            entries.get(given.get(1))
                    .key()
                    .problem(given.get(1) + " contradicts " + given.get(0) + ": keep one of them");
            return;
        }
        YamlNode.Entry portEntry = entries.get("port");
        if (portEntry != null && !given.get(0).equals("host")) {
            portEntry.key().problem("port contradicts " + given.get(0) + ": write the port into the URL");
        }
        YamlNode.Entry entry = entries.get(given.get(0));
        String text = entry.value().text(given.get(0), given.get(0).equals("host"));
        if (text == null) {
            return;
        }
        if (text.isBlank()) {
            entry.value().problem(given.get(0) + " is empty: give a value");
            return;
        }
        try {
            switch (given.get(0)) {
                case "host" -> hosts = withPort(DatabaseUrl.hosts(text), text, portEntry);
                case "url" ->
                    url = DatabaseUrl.parse(
                            text, entry.value().where(), entry.value().problems());
                default ->
                    url = DatabaseUrl.parse(
                            secrets.fileText(text),
                            entry.value().where(),
                            entry.value().problems());
            }
        } catch (BadValue e) {
            entry.value().problem(String.valueOf(e.getMessage()));
        }
    }

    private static List<HostPort> withPort(List<HostPort> hosts, String text, YamlNode.@Nullable Entry entry) {
        String port = entry == null ? null : entry.value().text("port", false);
        if (entry == null || port == null) {
            return hosts;
        }
        try {
            int number = new ValueType.Whole(1, 65535, null).parse(port);
            if (text.matches(".*:\\d+(,.*)?")) {
                entry.key().problem("port contradicts the port in host: keep one of them");
            }
            return hosts.stream().map(h -> new HostPort(h.host(), number)).toList();
        } catch (BadValue e) {
            entry.value().problem(String.valueOf(e.getMessage()));
            return hosts;
        }
    }

    private static @Nullable String text(Map<String, YamlNode.Entry> entries, String key) {
        YamlNode.Entry entry = entries.get(key);
        String text = entry == null ? null : entry.value().text(key, false);
        if (entry != null && text != null && text.isBlank()) {
            entry.value().problem(key + " is empty: give a value or remove the key");
            return null;
        }
        return text;
    }
}
