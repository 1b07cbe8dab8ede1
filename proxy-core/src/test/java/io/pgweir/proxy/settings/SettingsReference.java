package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import java.util.ArrayList;
import java.util.List;

/** Renders docs/settings.md from the settings table. */
final class SettingsReference {
    private SettingsReference() {}

    static String render() {
        StringBuilder text = new StringBuilder("""
                # Settings

                <!-- Generated from the settings table by SettingsReferenceTest; see there for the command. -->

                Each setting has one name in four spellings. `pool_timeout` is `--pool-timeout` on the command line,
                `PGWEIR_POOL_TIMEOUT` in the environment, `pool_timeout` in the YAML file and, if it is marked *pool*
                or *client*, `?pool_timeout=` in a database URL and in an entry under `databases`. Those marked *client* may
                also stand under `users` and `applications`, and clients may ask for less of them: see
                [client-settings.md](client-settings.md).

                The strongest source wins, in this order: flag; `PGWEIR_*` variable; the database's own entry in the file;
                its URL; the top level of the file; the default. So a parameter of a URL counts for the pools of that
                database only, and a flag or variable counts for all pools; exceptions for applications and users go before
                all of these, in this order. Plain `DATABASE_URL` is weaker than
                `PGWEIR_DATABASE_URL` and stronger than `database_url` in the file. An empty variable counts as absent.

                The column *reload* says when another value counts after the configuration has been read again ([reload.md](reload.md)): at
                once (yes), for clients that log in or backends that are opened from then on, for new backends with the open ones
                being replaced as they come free, or after a restart.

                Durations are written `500ms`, `30s`, `5m`, `1h`, fractions included; a plain number is seconds.

                """);
        for (Group group : Group.values()) {
            text.append("## ").append(group.title()).append("\n\n");
            text.append("| setting | value | default | scope | reload | meaning |\n|---|---|---|---|---|---|\n");
            Settings.all().stream()
                    .filter(s -> s.group() == group && !s.hidden())
                    .forEach(s -> text.append(row(s)));
            text.append('\n');
        }
        text.append("""
                ## Database URLs

                `postgresql://user:password@host:5432/database?parameter=value`, also with `postgres://`, with several hosts
                (`host1:5432,host2:5432`, see `target_session_attrs`) and with IPv6 addresses in brackets. Special characters are
                percent-encoded; a plus sign is a plus sign. Without a host: localhost. Without a database: the one called
                like the user. The database `*` stands for any database that clients ask for.

                | parameter | what becomes of it |
                |---|---|
                """);
        for (Setting<?> setting : Settings.all()) {
            if (setting.scope().isOfPools() && !setting.hidden()) {
                List<String> names = new ArrayList<>(List.of(setting.name()));
                names.addAll(setting.urlAliases());
                text.append("| ")
                        .append(code(names))
                        .append(" | setting `")
                        .append(setting.name())
                        .append("` |\n");
            }
        }
        for (UrlParameter parameter : UrlParameter.values()) {
            text.append("| ")
                    .append(code(parameter.names()))
                    .append(" | ")
                    .append(fate(parameter))
                    .append(" |\n");
        }
        text.append("""

                `pool_timeout=0` means "do not wait", as everywhere in pgweir; Prisma's own pool takes it as "wait for ever".
                With Prisma's `sslaccept` or `sslidentity`, and without `sslkey`, `sslcert` means what Prisma says, a certificate to
                trust: see [tls.md](tls.md). A relative file name in a URL is seen from the directory pgweir runs in.

                ## Exit codes

                | code | meaning |
                |---|---|
                | 0 | ok; after SIGTERM or SIGINT: everything was closed in order |
                | 1 | it could not start (for example: the port is in use), or failed while running |
                | 2 | wrong usage or configuration; all problems are listed and nothing was started |
                | 128 + n | ended at once by a second signal n |
                """);
        return text.toString();
    }

    private static String row(Setting<?> setting) {
        String value = setting.type().placeholder().replace("|", "`, `");
        String bounds = setting.type().bounds();
        return "| `" + setting.name() + "` | `" + value + "`" + (bounds.isEmpty() ? "" : " " + bounds) + " | "
                + (setting.defaultText() == null ? "none" : "`" + setting.defaultText() + "`") + " | "
                + scope(setting.scope()) + " | " + setting.change().word() + " | " + setting.description() + " |\n";
    }

    private static String scope(Scope scope) {
        return switch (scope) {
            case GLOBAL -> "process";
            case POOL -> "pool";
            case CLIENT -> "client";
        };
    }

    private static String code(List<String> names) {
        return "`" + String.join("`, `", names) + "`";
    }

    private static String fate(UrlParameter parameter) {
        return switch (parameter) {
            case SCHEMA -> "startup parameter `search_path`, as Prisma means it";
            case SSLACCEPT ->
                "as Prisma means it: `strict` is `sslmode=verify-full`, `accept_invalid_certs` verifies nothing";
            case SSLIDENTITY -> "as Prisma means it: `sslcert` as a PKCS #12 file";
            case HOST, PORT, USER, PASSWORD, DBNAME -> "as in the URL itself, and stronger";
            case STARTUP -> "startup parameter of that name";
            case SILENT -> "accepted, not needed";
            default -> parameter.note();
        };
    }
}
