package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.io.PrintStream;

/** Shows the state of a running pgweir once. */
final class StatusCommand {
    private final PrintStream out;
    private final PrintStream err;

    StatusCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /** {@link ExitCode#OK} if it is ready. @param loaded only its address and its token count */
    int run(LoadedConfig loaded) {
        return run(loaded, false);
    }

    /** @param withHolders whether who holds connections is shown as well */
    int run(LoadedConfig loaded, boolean withHolders) {
        RunningPgweir pgweir = RunningPgweir.of(loaded);
        if (pgweir == null) {
            err.println(RunningPgweir.OFF);
            return ExitCode.FAILED;
        }
        try {
            RunningPgweir.Answer answer = pgweir.get("/api/pools");
            if (!answer.isOk()) {
                return refused(pgweir, answer, loaded);
            }
            Facts pools = Facts.parse(answer.body());
            StatusText.of(pgweir.address(), pools).forEach(out::println);
            if (withHolders) {
                out.println();
                pgweir.holders().forEach(out::println);
            }
            return pools.is("ready") ? ExitCode.OK : ExitCode.FAILED;
        } catch (IOException e) {
            err.println(pgweir.silent(e));
            notes(loaded);
            return ExitCode.FAILED;
        }
    }

    private int refused(RunningPgweir pgweir, RunningPgweir.Answer answer, LoadedConfig loaded) {
        boolean own = answer.status() == 401 || answer.status() == 403;
        err.println(own ? "pgweir: " + answer.body().strip() : pgweir.strange(answer));
        notes(loaded);
        return ExitCode.FAILED;
    }

    private void notes(LoadedConfig loaded) {
        loaded.problems().forEach(problem -> err.println("  note: " + problem));
    }
}
