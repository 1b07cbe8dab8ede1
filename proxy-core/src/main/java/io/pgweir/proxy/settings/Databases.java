package io.pgweir.proxy.settings;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts the databases together, from the database URL and from the entries of the file. */
final class Databases {
    private final List<Layer> strongest;
    private final YamlFile file;
    private final Problems problems;
    private final Map<String, DatabaseConfig> databases = new LinkedHashMap<>();
    private final Map<String, String> places = new LinkedHashMap<>();
    private final Map<String, Values> values = new LinkedHashMap<>();

    /** The layers {@code strongest} go before whatever a database says of itself. */
    Databases(List<Layer> strongest, YamlFile file, Problems problems) {
        this.strongest = strongest;
        this.file = file;
        this.problems = problems;
    }

    List<DatabaseConfig> list() {
        return List.copyOf(databases.values());
    }

    /** Where each database stands, by name. */
    Map<String, String> places() {
        return places;
    }

    Map<String, Values> values() {
        return values;
    }

    /** Adds the database of a URL; like libpq, a URL without a database name means the one called like the user. */
    void add(DatabaseUrl url) {
        String named = url.database() == null ? url.user() : url.database();
        String name = named == null ? DatabaseConfig.ANY : named;
        add(new Draft(
                name,
                url.where(),
                url.hosts(),
                name.equals(DatabaseConfig.ANY) ? null : name,
                url.user(),
                url.password(),
                url.startupParameters(),
                List.of(url.pool()),
                null));
    }

    /** Adds the entries of the file; the database URL, which is the stronger source, hides an entry of its name. */
    void addEntries() {
        for (DatabaseEntry entry : file.databases()) {
            String hidden = places.get(entry.name);
            if (hidden != null) {
                problems.note(entry.where, "database '" + entry.name + "' is taken from " + hidden + " instead");
                continue;
            }
            DatabaseUrl url = entry.url;
            if (url == null && entry.hosts.isEmpty()) {
                continue; // reported where it was read
            }
            Map<String, String> startup = new LinkedHashMap<>(url == null ? Map.of() : url.startupParameters());
            startup.putAll(entry.startupParameters);
            add(new Draft(
                    entry.name,
                    entry.where,
                    url == null ? entry.hosts : url.hosts(),
                    entry.dbname != null || url == null ? entry.dbname : url.database(),
                    entry.user != null || url == null ? entry.user : url.user(),
                    entry.password != null || url == null ? entry.password : url.password(),
                    startup,
                    url == null ? List.of(entry.pool) : List.of(entry.pool, url.pool()),
                    entry.maxClients));
        }
    }

    private void add(Draft draft) {
        if (draft.password != null && draft.user == null) {
            problems.add(draft.where, "there is a password but no user whose password it is: name the user");
        }
        List<Layer> layers = new ArrayList<>(strongest);
        layers.addAll(draft.pool);
        layers.add(file.settings());
        Values own = new Values(layers);
        own.checkPool(problems);
        values.put(draft.name, own);
        places.put(draft.name, draft.where);
        databases.put(
                draft.name,
                new DatabaseConfig(
                        draft.name,
                        draft.hosts,
                        draft.backendDatabase,
                        draft.user,
                        draft.password,
                        new TlsChecks(own, problems).server(),
                        draft.startupParameters,
                        own.pool(),
                        new AuthChecks(own, problems)
                                .query(draft.where, draft.backendDatabase, draft.user, draft.password, file.users()),
                        draft.maxClients));
    }

    /** A database before its pool settings are resolved. */
    private record Draft(
            String name,
            String where,
            List<HostPort> hosts,
            @Nullable String backendDatabase,
            @Nullable String user,
            @Nullable Secret password,
            Map<String, String> startupParameters,
            List<Layer> pool,
            @Nullable Integer maxClients) {}
}
