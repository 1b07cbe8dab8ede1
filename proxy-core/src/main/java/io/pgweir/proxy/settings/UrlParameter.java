package io.pgweir.proxy.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parameters of database URLs that are no pool settings, and what becomes of each. */
enum UrlParameter {
    HOST(Fate.PART_OF_URL, "host", "hostaddr"),
    PORT(Fate.PART_OF_URL, "port"),
    USER(Fate.PART_OF_URL, "user"),
    PASSWORD(Fate.PART_OF_URL, "password"),
    DBNAME(Fate.PART_OF_URL, "dbname"),
    SSLACCEPT(Fate.PART_OF_URL, "sslaccept"),
    SSLIDENTITY(Fate.PART_OF_URL, "sslidentity"),
    SCHEMA(Fate.PART_OF_URL, "schema"),
    STARTUP(
            Fate.STARTUP_PARAMETER,
            "application_name",
            "options",
            "client_encoding",
            "search_path",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "timezone",
            "datestyle"),
    SILENT(Fate.NOT_NEEDED, "uselibpqcompat", "fallback_application_name", "gssencmode", "keepalives"),
    STATEMENT_CACHE(Fate.NOTED, "pgbouncer", "statement_cache_size"),
    TCP(Fate.NOTED, "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout");

    /** What becomes of a parameter. */
    enum Fate {
        PART_OF_URL,
        STARTUP_PARAMETER,
        NOT_NEEDED,
        NOTED
    }

    private final Fate fate;
    private final List<String> names;

    UrlParameter(Fate fate, String... names) {
        this.fate = fate;
        this.names = List.of(names);
    }

    List<String> names() {
        return names;
    }

    Fate fate() {
        return fate;
    }

    /** What to tell people who write a parameter that has no effect. */
    String note() {
        return switch (this) {
            case STATEMENT_CACHE -> "accepted without effect: pgweir keeps prepared statements right by itself";
            default -> "accepted without effect: pgweir sets the TCP options of backends itself";
        };
    }

    static @Nullable UrlParameter of(String name) {
        return Arrays.stream(values())
                .filter(p -> p.names.contains(name))
                .findFirst()
                .orElse(null);
    }

    /** Every parameter that a URL may have, pool settings included. */
    static List<String> allNames() {
        List<String> all = new ArrayList<>(Settings.namesOfPools());
        Settings.all().forEach(s -> all.addAll(s.urlAliases()));
        Arrays.stream(values()).forEach(p -> all.addAll(p.names));
        return all;
    }
}
