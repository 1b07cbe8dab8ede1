package io.pgweir.proxy.settings;

import java.util.stream.Collectors;

/** Renders docs/reload.md from the settings table. */
final class ReloadReference {
    private ReloadReference() {}

    static String render() {
        StringBuilder text = new StringBuilder("""
                # Reload

                <!-- Generated from the settings table by ReloadReferenceTest; see there for the command. -->

                    kill -HUP PID
                    psql -h 127.0.0.1 -p 6432 -U dba pgweir -c RELOAD
                    pgweir reload --config /etc/pgweir.yaml        # or --pid PID

                All three do the same. The file, and the files of passwords, URLs and rules that it names, are read again and checked as at the start;
                flags and environment stay what they were then, and are stronger than the file as always. If anything is wrong, nothing changes:
                all problems are in the log with file, line and column, and RELOAD returns them as its error. Otherwise what is different
                is written to the log before it is put into force, one line for each setting with its old and its new value, and RELOAD returns
                the same as rows. Secrets are never shown, only that they have changed.

                No client loses its connection by a reload, and no statement fails. Who asks while a reload is under way gets the
                outcome of one more, together with all others who do. Metrics: `pgweir_reloads_total` by outcome, and
                `pgweir_config_last_reload_success_timestamp_seconds`.

                `pgweir reload` sends SIGHUP to a process of this machine, so the system decides who may: the same user, and root. It takes the
                process from `--pid`, or from the file that `pid_file` names; set `pid_file` in the configuration that both commands are given.
                If it can read that process's metrics (`http`) it waits for the outcome and ends with 0 or 1. In a container:
                `docker exec NAME pgweir reload --pid 1`, or `docker kill -s HUP NAME`. A pgweir that is started by hand in a terminal gets
                SIGHUP when the terminal is closed, and then reloads instead of ending.

                ## What becomes of a change

                | another value counts | settings |
                |---|---|
                """);
        for (Setting.Change change : Setting.Change.values()) {
            text.append("| ")
                    .append(words(change))
                    .append(" | ")
                    .append(Settings.all().stream()
                            .filter(setting -> setting.change() == change && !setting.hidden())
                            .map(setting -> "`" + setting.name() + "`")
                            .collect(Collectors.joining(", ")))
                    .append(" |\n");
        }
        text.append("""

                The same stands in the column *reload* of [settings.md](settings.md) and of `SHOW CONFIG`. What needs a restart is named with each
                reload as long as the file says something else.

                - **connection_limit.** Raised, it serves clients that wait at once. Lowered, as many backends as are too many leave as they come free;
                  no new one is opened meanwhile, so there are never more than the larger of both, and never more than the new limit once they have left.
                  A client in session mode, or one that keeps its backend for its state, has it until it is done. Lowering it to 1 needs a restart where
                  clients share a listening backend (`listen_mode: multiplex` without `listen_extra_connection`): it would leave none for their work.
                - **Time limits** and `pool_timeout` count from the next statement, transaction or wait on, for clients that are connected as well.
                  What clients have set for themselves stays, within the new limit.
                - **Users.** A user that is removed cannot log in any more if clients need passwords; who is connected stays, and is served as before, by what
                  its backends have been opened with so far. Another password, verifier or hash is needed for new logins, and used for new backends; a verifier
                  as soon as a client has brought what it takes, and until then the former password or verifier is. A login under way is judged by what is
                  configured when its answer comes. When the last client of a removed user has left, its backends are closed.
                - **auth_query.** Where it is asked otherwise (another host, TLS, `auth_user`, `auth_dbname`, query) everything that it has answered before is
                  forgotten, and its connection is replaced when those have their answers who wait. Other settings forget nothing; a shorter `auth_query_ttl`
                  counts for answers that are there. A user who is in `users` no more and whom the database knows is one of the database's from then on: its
                  backends are opened with the former password until a client brings what it takes.
                - **Rules.** The file of `auth_hba_file`, and those that it names by `@`, are read again, and `samehost` and `samenet` are what they are then. A
                  mistake in one of them is a problem like others, so nothing changes. Rules, like `client_auth`, are for logins: who is in stays, whatever they
                  say; `KILL CLIENT` ends a client.
                - **Limits of clients** count those who are there, also those who came before there was a limit. If there are too many, they stay, and nobody
                  comes in until there are fewer. `failed_login_limit` counts for the wrong passwords so far.
                - **Databases.** A new one can be asked for at once. For one that is removed new clients get 3D000, and who is connected
                  is served as before, from the server that it had; when they have left, the backends are closed. If there is an entry `*`, that serves
                  both from then on, as if the entry had been changed to say the same. An entry of its own for what `*` has served is the same the
                  other way round. Orders (`PAUSE`, `DISABLE`) outlast the entry, and a warning says so when it comes back.
                - **pool_mode, listen_mode, listen_extra_connection.** A pool has them for its whole life, and where clients share a listening backend
                  a `connection_limit` above 1. Where another entry comes to stand for a pool that is in use - one that was removed and is back, or `*` -
                  the pool goes on by what it has, with a warning in the log, until it has neither clients nor backends; the next is made by the file.
                - **Hosts, TLS to the server, `dbname`, startup parameters, `target_session_attrs`, `load_balance_hosts`.** New backends are opened as
                  the file says now. Those that are open leave as they come free, as with `RECONNECT`; a client that keeps its backend keeps it. Clients
                  that LISTEN are told by a WARNING (01W01) when they are heard again. The breakers of addresses that nobody uses
                  any more are forgotten.
                - **retry.** `off` and `connect` count at once for connects; `safe` begins with clients that log in from then on.
                - **Certificates** follow their files without a reload ([tls.md](tls.md)).
                """);
        return text.toString();
    }

    private static String words(Setting.Change change) {
        return switch (change) {
            case AT_ONCE -> "at once";
            case NEW_CLIENTS -> "for clients that log in from then on";
            case NEW_BACKENDS -> "for backends that are opened from then on";
            case REPLACES -> "for new backends; open ones are replaced as they come free";
            case RESTART -> "after a restart";
        };
    }
}
