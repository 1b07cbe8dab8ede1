package io.pgweir.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pgweir demo}. Exit codes: 0 stopped or finished well, 1 could not start or had errors, 2 wrong usage. */
@Command(
        name = "pgweir demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Starts a real PostgreSQL from embedded binaries, pgweir in front of it, and a small sample"
                + " workload through both, until Ctrl-C.")
public final class Demo implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "6432",
            description = "port of pgweir (default ${DEFAULT-VALUE})")
    private int port;

    @Option(
            names = "--http",
            paramLabel = "N",
            defaultValue = "6433",
            description = "port of its dashboard, health and metrics (default ${DEFAULT-VALUE})")
    private int http;

    @Option(
            names = "--connection-limit",
            paramLabel = "N",
            defaultValue = "5",
            description = "backends that it may use (default ${DEFAULT-VALUE})")
    private int connectionLimit;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "100",
            description = "clients of the workload (default ${DEFAULT-VALUE})")
    private int clients;

    @Option(names = "--no-workload", description = "only the database and pgweir")
    private boolean noWorkload;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "0",
            description = "stop by itself after this time; 0 = at Ctrl-C")
    private int seconds;

    private Demo() {}

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        System.exit(new CommandLine(new Demo()).execute(arguments));
    }

    @Override
    public Integer call() {
        atLeast("--connection-limit", connectionLimit, 1);
        atLeast("--clients", clients, 0);
        atLeast("--seconds", seconds, 0);
        DemoRun demo = new DemoRun(new DemoOptions(port, http, connectionLimit, noWorkload ? 0 : clients, seconds));
        Runtime.getRuntime().addShutdownHook(new Thread(demo::stop, "demo-stop"));
        try {
            demo.run();
        } catch (DemoFailure e) {
            if (!demo.stopping()) { // else Ctrl-C, which the terminal sent to the part that was starting, too
                System.err.println("demo: " + e.getMessage());
            }
            demo.stop();
            return 1;
        }
        demo.stop();
        if (seconds > 0) {
            System.out.println(demo.summary());
        }
        return demo.succeeded() ? 0 : 1;
    }

    private void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new ParameterException(spec.commandLine(), option + " must be at least " + least);
        }
    }
}
