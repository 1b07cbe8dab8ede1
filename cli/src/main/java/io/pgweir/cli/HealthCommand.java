package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.io.PrintStream;

/** Asks a running pgweir on this machine whether it is ready: for health checks of containers. */
final class HealthCommand {
    private final PrintStream out;
    private final PrintStream err;

    HealthCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * {@link ExitCode#OK} if it is ready; its answer, one line, is printed in any case.
     *
     * @param loaded whose setting {@code http} counts; what is wrong with the rest matters only if nobody answers
     */
    int run(LoadedConfig loaded) {
        RunningPgweir pgweir = RunningPgweir.of(loaded);
        if (pgweir == null) {
            err.println(RunningPgweir.OFF);
            return ExitCode.FAILED;
        }
        try {
            RunningPgweir.Answer answer = pgweir.get("/health/ready");
            String line = answer.body().strip();
            (answer.isOk() ? out : err).println(line.isEmpty() ? pgweir.strange(answer) : line);
            return answer.isOk() ? ExitCode.OK : ExitCode.FAILED;
        } catch (IOException e) {
            err.println(pgweir.silent(e));
            loaded.problems().forEach(problem -> err.println("  note: " + problem));
            return ExitCode.FAILED;
        }
    }
}
