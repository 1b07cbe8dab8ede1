package io.pgweir.proxy.admin;

import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.tls.TlsLibrary;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Renders docs/console.md from the table of commands and the errors. */
final class ConsoleReference {
    private ConsoleReference() {}

    /** Every command, of a console that nobody uses. */
    static List<Command> table() {
        LoadedConfig loaded = ConfigLoader.load(
                new ConfigSources(Map.of("database_url", "postgresql://a:b@127.0.0.1:1/d"), Map.of()));
        LiveConfig config = new LiveConfig(loaded);
        EventLoops loops = new EventLoops(Transport.NIO, 1);
        try {
            PoolDirectory pools = new PoolDirectory(
                    config,
                    new BackendConnector(
                            Transport.NIO, new TlsLibrary(TlsProviderChoice.JDK, Runnable::run), Runnable::run),
                    loops.contexts());
            Sessions sessions = new Sessions(config, loops, pools, Runnable::run, Runnable::run, null);
            return AdminConsole.table(
                    new AdminConsole.Subject(config, pools, sessions, loops, () -> {}, by -> new CompletableFuture<>()),
                    new StatsHistory(pools, loops.contexts().get(0)));
        } finally {
            loops.shutdown();
        }
    }

    static String render() {
        List<Command> table = table();
        StringBuilder text = new StringBuilder("""
                # The admin console

                <!-- Generated from the table of commands by ConsoleReferenceTest; see there for the command. -->

                    psql -h 127.0.0.1 -p 6432 -U dba pgweir

                The databases `pgweir` and `pgbouncer` are answered by pgweir itself, without a backend and also when no more clients are
                taken (`max_clients`, `DRAIN`). No database of the configuration may have one of these names, and the entry `*` does not
                stand for them. Clients log in as everywhere (`client_auth`); then `stats_users` (default: the users of the database URLs) may use
                SHOW, `admin_users` everything. With `client_auth: trust` nobody proves to be one of them.

                In `pgbouncer` a command that PgBouncer has gives PgBouncer's columns and no others, so that exporters and scripts work; in
                `pgweir` pgweir's own stand behind them. Both the simple and the extended protocol work, in text and binary format. Case does not
                matter; several commands may stand in one query, separated by semicolons, and if one of them is wrong none is run. `BEGIN`,
                `SET` of session parameters, `SELECT 1` and the like, which drivers send, are answered and have no effect.

                ## What it shows

                Statements stand there without their values. All figures are of one moment, but of each event loop at its own time. None
                of them but `SHOW STATEMENTS` costs anything while nobody looks.

                | command | shows |
                |---|---|
                """);
        table.stream()
                .filter(Command::isShow)
                .forEach(command -> text.append("| `")
                        .append(command.syntax())
                        .append("` | ")
                        .append(command.help())
                        .append(" |\n"));
        text.append("""

                ## What it does

                Each is written to the log, with the user and the address. Nothing of it outlives the process.

                | command | effect |
                |---|---|
                """);
        table.stream()
                .filter(command -> !command.isShow())
                .forEach(command -> text.append("| `")
                        .append(command.syntax())
                        .append("` | ")
                        .append(command.help())
                        .append(" |\n"));
        text.append("""

                **PAUSE** closes idle backends, and the others as soon as their clients give them back: at the end of a transaction, in session mode
                and with state that keeps the backend when the client leaves. It returns when none is left; the server may be restarted then.
                Meanwhile statements wait, each within its `pool_timeout` (the error then says that the pool is paused), and logins are accepted.
                Clients that LISTEN are told by a WARNING (01W01) when they are heard again. Cancelling a PAUSE that waits takes it
                back; if its client only disconnects, it stays.

                **KILL** leaves the database paused, as in PgBouncer. What ran is cancelled, and rolled back.

                **KILL BACKEND** gives the client an ERROR (08006) and leaves it its connection, unless it kept state on the backend. Its open
                transaction has failed.

                **RECONNECT** is for a server that has changed behind its address. Backends that clients keep go when these leave; `WAIT_CLOSE`
                waits for them.

                **OPEN**, **CLOSE** and **AUTO** move the breaker of one server, written as in `SHOW BREAKERS`. OPEN is the switch that is open:
                statements that need a new connection fail at once (57P03).

                **DRAIN** is for a process behind a load balancer. Use `SHUTDOWN` or SIGTERM to end it.

                **RELOAD** returns a row for each difference: of which database, user or application (empty: all), the setting, its old and new
                value, and what is done about it. In `pgbouncer` it returns no rows. If anything is wrong with the configuration, that is the
                error, with all problems as its detail, and nothing changes. See [reload.md](reload.md).

                **SET** of a setting is refused: change the configuration and write `RELOAD`.

                ## Columns

                Those in *italics* are pgweir's own. A figure that pgweir does not count is NULL, or 0 where PgBouncer's meaning is "none". In
                `SHOW STATS`, `received` is what clients have sent after their login, `sent` what of servers' messages was passed on to them,
                counted at each ReadyForQuery; `client_parse_count` are Parse messages of clients, `server_parse_count` those that servers got
                for them (not for what pgweir asks itself): with statements that are prepared already it is the smaller one.

                """);
        table.stream()
                .filter(Command::isShow)
                .forEach(command -> text.append("`")
                        .append(command.name())
                        .append("`: ")
                        .append(command.columns().stream()
                                .map(column -> column.own() ? "*" + column.name() + "*" : column.name())
                                .collect(Collectors.joining(", ")))
                        .append(".\n\n"));
        text.append("""
                What differs from PgBouncer: clients that do nothing are `idle` and count as `cl_active`; `sv_tested` are backends that are cleaned up
                after a client or asked whether they are there; `sv_used`, `*_cancel` and `sv_being_canceled` are always 0; `xact_count` counts
                uses of a backend, which in transaction mode are transactions, statements outside of one included; averages are those of the
                last whole minute.

                | not here | instead |
                |---|---|
                """);
        new TreeMap<>(Commands.NO_MEANING)
                .forEach((name, why) -> text.append("| `")
                        .append(name)
                        .append("` | ")
                        .append(why)
                        .append(" |\n"));
        text.append("""

                ## Errors and notices

                | name | severity | SQLSTATE | message | what to do |
                |---|---|---|---|---|
                """);
        for (ConsoleError error : ConsoleError.values()) {
            text.append("| ")
                    .append(error.name())
                    .append(" | ")
                    .append(error.severity())
                    .append(" | `")
                    .append(error.sqlState().code())
                    .append("` | ")
                    .append(error.template().replaceAll("%\\d+\\$[sd]", "…"))
                    .append(" | ")
                    .append(error.hint().replaceAll("%\\d+\\$[sd]", "…"))
                    .append(" |\n");
        }
        return text.toString();
    }
}
