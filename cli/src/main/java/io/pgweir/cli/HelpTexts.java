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

    /** How a running pgweir is found. */
    private static final String WHERE = """

              --http HOST:PORT                  where it serves HTTP [127.0.0.1:6433]
              --http-token-file FILE            the token, if it asks for one; or PGWEIR_HTTP_TOKEN
              --config FILE                     its configuration file, which names both

            The other options of run are accepted, and have no effect.
            """;

    private HelpTexts() {}

    /** Fits a screen of 24 lines of 80 characters. */
    static String top() {
        return """
                pgweir: a PostgreSQL connection pool that speaks the wire protocol

                Usage: pgweir COMMAND [OPTIONS]

                  run         start the proxy
                  check       show the resolved configuration and everything wrong with it
                  reload      have a running pgweir read its configuration again
                  health      ask a running pgweir whether it is ready
                  status      its pools, who waits, and the last incident
                  top         the same and who holds connections, live in a terminal
                  completion  print what makes bash and zsh complete commands and options
                  version     print the version
                  help        more about a command: pgweir help run
                  demo        a PostgreSQL, the proxy and a workload (./pgweir only)

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
                Exit codes: 0 ready, 1 not ready or no answer, 2 a wrong option, address or token.
                """;
    }

    static String status() {
        return """
                Usage: pgweir status [OPTIONS]
                Shows the state of a running pgweir once: whether it is ready, and of each pool the connections in
                use, who waits and for how long, pool timeouts, the breaker; servers that are not in use, and the
                last incident with its diagnosis.
                """ + WHERE + """
                Exit codes: 0 ready, 1 not ready or no answer, 2 a wrong option, address or token.
                """;
    }

    static String watch() {
        return """
                Usage: pgweir top [OPTIONS]
                Shows what status shows, and who holds connections, for how long, doing what; new every two seconds
                until you press q. Statements are shown without their values. Without a terminal it shows it once.

                  --once                            show it once and end, as without a terminal
                """ + WHERE + """
                Exit codes: 0 ended by q, or ready; 1 not ready or no answer; 2 a wrong option, address or token.
                """;
    }

    static String completion() {
        return """
                Usage: pgweir completion [bash|zsh]
                Prints a script with which the shell completes commands, options and their values. It serves both.

                For this shell:   source <(pgweir completion)
                bash, for good:   pgweir completion > ~/.local/share/bash-completion/completions/pgweir
                zsh, for good:    put the first line into ~/.zshrc, behind compinit
                """;
    }

    static String reload() {
        return """
                Usage: pgweir reload [--pid N] [OPTIONS]
                Has the pgweir that runs on this machine read its configuration again (SIGHUP): files as they are now,
                options and environment as they were when it was started. Nothing changes if anything is wrong. The
                process is the one that --pid names, else that of pid_file; the options are those of run (pgweir help
                run), and only --pid-file and --http count, or a file that names them.
                Exit codes: 0 it has reloaded (or was asked, where http is off), 1 it has not, 2 a wrong option,
                address or token.
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
