package io.pgweir.proxy.admin;

import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SHOW DATABASES, USERS and LISTS: what is configured, and how many there are. */
final class DatabaseViews {
    private static final List<Column> DATABASES = Column.of(
            Column.of(
                    "name",
                    "host",
                    "port:4",
                    "database",
                    "force_user",
                    "pool_size:4",
                    "min_pool_size:4",
                    "reserve_pool_size:4",
                    "server_lifetime:4",
                    "pool_mode",
                    "load_balance_hosts",
                    "max_connections:4",
                    "current_connections:4",
                    "max_client_connections:4",
                    "current_client_connections:4",
                    "paused:4",
                    "disabled:4"),
            "pools:4",
            "target_session_attrs",
            "pool_timeout",
            "orders");
    private static final List<Column> USERS = Column.of(
            Column.of(
                    "name",
                    "pool_size",
                    "reserve_pool_size",
                    "pool_mode",
                    "max_user_connections:4",
                    "current_connections:4",
                    "max_user_client_connections:4",
                    "current_client_connections:4"),
            "console");
    private static final List<Column> LISTS = Column.of("list", "items:4");

    private final LiveConfig live;
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final EventLoops loops;

    DatabaseViews(AdminConsole.Subject subject) {
        this.live = subject.live();
        this.pools = subject.pools();
        this.sessions = subject.sessions();
        this.loops = subject.loops();
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "DATABASES",
                        DATABASES,
                        "Databases: where they live, their limits, whether they are paused or disabled.",
                        caller -> databases()),
                Command.show(
                        "USERS",
                        USERS,
                        "Users of the configuration and of the pools, and what they may do here.",
                        caller -> users()),
                Command.show("LISTS", LISTS, "How many there are of everything.", caller -> lists()));
    }

    private ProxyConfig config() {
        return live.config();
    }

    /**
     * Entries of the configuration, the names that clients have found in the entry for any database, and those whose entry has
     * gone but not their pools.
     */
    private Map<String, DatabaseConfig> named() {
        Map<String, DatabaseConfig> named = new LinkedHashMap<>();
        config().databases().forEach(database -> named.put(database.name(), database));
        for (Pool pool : PoolViews.sorted(pools)) {
            DatabaseConfig configured = config().database(pool.key().database());
            DatabaseConfig found = configured == null ? pools.databaseOf(pool) : configured;
            if (found != null) {
                named.putIfAbsent(pool.key().database(), found);
            }
        }
        return named;
    }

    private List<@Nullable Object[]> databases() {
        Map<String, List<Pool>> byName = poolsBy(PoolKey::database);
        List<@Nullable Object[]> rows = new ArrayList<>();
        named().forEach((name, database) -> rows.add(row(name, database, byName.getOrDefault(name, List.of()))));
        return rows;
    }

    private Map<String, List<Pool>> poolsBy(Function<PoolKey, String> part) {
        return pools.pools().stream().collect(Collectors.groupingBy(pool -> part.apply(pool.key())));
    }

    private @Nullable Object[] row(String name, DatabaseConfig database, List<Pool> own) {
        AdminOrder pause = pools.switches().paused(name);
        AdminOrder disabled = pools.switches().disabled(name);
        List<HostPort> hosts = database.hosts();
        return new @Nullable Object[] {
            name,
            hosts.stream().map(HostPort::host).distinct().collect(Collectors.joining(",")),
            hosts.get(0).port(),
            database.isWildcard() && name.equals(DatabaseConfig.ANY) ? "*" : database.backendDatabaseFor(name),
            null,
            database.pool().connectionLimit(),
            database.pool().minConnections(),
            0,
            (int) database.pool().backendLifetime().toSeconds(),
            database.pool().mode().name().toLowerCase(Locale.ROOT),
            hosts.size() > 1 ? database.pool().hosts().balance().name().toLowerCase(Locale.ROOT) : null,
            0,
            (int) sum(own, Pool::open),
            0,
            (int) sum(own, pools::clients),
            pause == null ? 0 : 1,
            disabled == null ? 0 : 1,
            own.size(),
            database.pool().hosts().target().text(),
            seconds(database.pool().poolTimeout().toMillis()),
            orders(config().database(name) == null, pause, disabled)
        };
    }

    private static String seconds(long millis) {
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }

    private static String orders(boolean removed, @Nullable AdminOrder pause, @Nullable AdminOrder disabled) {
        List<String> words = new ArrayList<>();
        if (removed) {
            words.add("removed from the configuration");
        }
        if (pause != null) {
            words.add(text("paused", pause));
        }
        if (disabled != null) {
            words.add(text("disabled", disabled));
        }
        return String.join("; ", words);
    }

    /** What has been ordered, by whom, and how long ago. */
    static String text(String what, AdminOrder order) {
        return String.format(Locale.ROOT, "%s by %s %.1fs ago", what, order.by(), order.lastedNanos() / 1e9);
    }

    private static long sum(List<Pool> pools, ToLongFunction<Pool> figure) {
        return pools.stream().mapToLong(figure).sum();
    }

    private Set<String> userNames() {
        Set<String> names = new TreeSet<>(config().users().keySet());
        config().databases().forEach(database -> {
            String user = database.user();
            if (user != null) {
                names.add(user);
            }
        });
        pools.pools().forEach(pool -> names.add(pool.key().user()));
        names.addAll(config().adminUsers());
        names.addAll(config().statsUsers());
        return names;
    }

    private List<@Nullable Object[]> users() {
        Map<String, List<Pool>> byUser = poolsBy(PoolKey::user);
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (String name : userNames()) {
            List<Pool> own = byUser.getOrDefault(name, List.of());
            String console = config().adminUsers().contains(name)
                    ? "admin"
                    : config().statsUsers().contains(name) ? "stats" : "";
            rows.add(new @Nullable Object[] {
                name, "", "", null, 0, (int) sum(own, Pool::open), 0, (int) sum(own, pools::clients), console
            });
        }
        return rows;
    }

    private List<@Nullable Object[]> lists() {
        List<Pool> all = pools.pools();
        Map<String, Long> items = new LinkedHashMap<>();
        items.put("databases", (long) named().size());
        items.put("users", (long) userNames().size());
        items.put("peers", 0L);
        items.put("pools", (long) all.size());
        items.put("peer_pools", 0L);
        items.put("free_clients", Math.max(0L, (long) sessions.mostClients() - sessions.loggedIn()));
        items.put("used_clients", (long) sessions.loggedIn());
        items.put("login_clients", (long) sessions.loggingIn());
        long idle = sum(all, Pool::idle);
        items.put("free_servers", idle);
        items.put("used_servers", Math.max(0, sum(all, Pool::open) - idle));
        items.put("dns_names", 0L);
        items.put("dns_zones", 0L);
        items.put("dns_queries", 0L);
        items.put("dns_pending", 0L);
        items.put("event_loops", (long) loops.contexts().size());
        List<@Nullable Object[]> rows = new ArrayList<>();
        items.forEach((list, count) -> rows.add(new @Nullable Object[] {list, count}));
        return rows;
    }
}
