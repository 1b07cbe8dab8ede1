package io.pgweir.cli;

import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Settings;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Help.TextTable;

/** What {@code --help} prints. */
final class HelpTexts {
    private static final int OPTION_WIDTH = 35;
    private static final int TEXT_WIDTH = 65;

    private HelpTexts() {}

    /** Fits a screen of 24 lines of 80 characters. */
    static String top() {
        return """
                pgweir: a PostgreSQL connection pool that speaks the wire protocol

                Usage: pgweir COMMAND [OPTIONS]

                  run      start the proxy
                  check    show the resolved configuration and everything wrong with it
                  reload   have a running pgweir read its configuration again
                  health   ask a running pgweir whether it is ready
                  version  print the version
                  help     more about a command: pgweir help run
                  demo     a PostgreSQL, the proxy and a workload to look at (./pgweir only)

                To begin:
                  pgweir run --database-url 'postgresql://user:password@host:5432/db'
                and point the application at
                  postgresql://user:password@127.0.0.1:6432/db

                Each option of run (--pool-timeout) is also an environment variable
                (PGWEIR_POOL_TIMEOUT) and a key of the YAML file (pool_timeout).
                Exit codes: 0 ok, 1 failed at run time, 2 wrong usage or configuration.
                """;
    }

    static String run() {
        return """
                Usage: pgweir run [OPTIONS]
                Starts the proxy. Defaults stand in [brackets].
                """ + options() + """

                Durations (D): 500ms, 30s, 5m, 1h; a plain number is seconds.
                Each option is also an environment variable (--pool-timeout: PGWEIR_POOL_TIMEOUT) and a YAML key
                (pool_timeout); pool settings and time limits are URL parameters too (?pool_timeout=5s).
                Strongest first: option, environment, database entry of the file, its URL, top level of the file.
                DATABASE_URL is read too, below PGWEIR_DATABASE_URL. Process arguments can be seen by other users of
                the machine: prefer the environment or --database-url-file for URLs with a password.
                Exit codes: 0 ok, 1 failed at run time, 2 wrong usage or configuration.
                """;
    }

    static String check() {
        return """
                Usage: pgweir check [OPTIONS]
                Reads the configuration as run does, starts nothing, and prints every setting with the place it
                comes from, the databases and their pools, notes and problems. Passwords are never printed.
                The options are those of run: pgweir help run.
                Exit codes: 0 ok, 2 something is wrong with the configuration.
                """;
    }

    static String health() {
        return """
                Usage: pgweir health [OPTIONS]
                Asks the pgweir that runs on this machine with these options whether it could serve a client, as
                GET /health/ready does, and prints its answer. The options are those of run (pgweir help run); only
                --http counts, or a file that names it.
                Exit codes: 0 ready, 1 not ready or no answer, 2 an option that does not exist.
                """;
    }

    static String reload() {
        return """
                Usage: pgweir reload [--pid N] [OPTIONS]
                Has the pgweir that runs on this machine read its configuration again (SIGHUP): files as they are now,
                options and environment as they were when it was started. Nothing changes if anything is wrong. The
                process is the one that --pid names, else that of pid_file; the options are those of run (pgweir help
                run), and only --pid-file and --http count, or a file that names them.
                Exit codes: 0 it has reloaded (or was asked, where http is off), 1 it has not, 2 an option that does
                not exist.
                """;
    }

    private static String options() {
        StringBuilder text = new StringBuilder();
        for (Group group : Group.values()) {
            text.append(System.lineSeparator())
                    .append(group.title())
                    .append(':')
                    .append(System.lineSeparator());
            TextTable table = TextTable.forColumns(
                    Help.defaultColorScheme(Ansi.OFF),
                    new Column(OPTION_WIDTH, 2, Overflow.SPAN),
                    new Column(TEXT_WIDTH, 1, Overflow.WRAP));
            for (Setting<?> setting : Settings.all()) {
                if (setting.group() == group && !setting.hidden()) {
                    String mark = setting.defaultText() == null ? "" : " [" + setting.defaultText() + "]";
                    table.addRowValues(
                            setting.flag() + " " + setting.type().placeholder(), setting.description() + mark);
                }
            }
            text.append(table);
        }
        return text.toString();
    }
}
