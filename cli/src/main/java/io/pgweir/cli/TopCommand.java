package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Shows what a running pgweir does, again and again. */
final class TopCommand {
    static final String ONCE = "--once";
    private static final long PERIOD_MILLIS = 2_000;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean once;

    /** @param once without waiting for more, as without a terminal */
    TopCommand(PrintStream out, PrintStream err, boolean once) {
        this.out = out;
        this.err = err;
        this.once = once;
    }

    /** @param loaded only its address and its token count */
    int run(LoadedConfig loaded) {
        RunningPgweir pgweir = RunningPgweir.of(loaded);
        if (once || pgweir == null || !Terminal.isThere()) {
            return new StatusCommand(out, err).run(loaded, true);
        }
        try (Terminal terminal = Terminal.open(out, System.in)) {
            long since = 0;
            List<String> last = List.of();
            while (true) {
                List<String> lines = new ArrayList<>();
                try {
                    last = look(pgweir);
                    since = System.nanoTime();
                } catch (IOException e) {
                    lines.add(
                            since == 0
                                    ? pgweir.silent(e)
                                    : "NO CONTACT for " + Columns.seconds((System.nanoTime() - since) / 1e9) + ": "
                                            + e.getMessage());
                    lines.add("");
                }
                lines.addAll(last);
                terminal.show(lines);
                int key = terminal.key(PERIOD_MILLIS);
                if (key == 'q' || key == 'Q') {
                    return ExitCode.OK;
                }
            }
        } catch (IOException e) {
            err.println(
                    "pgweir: the terminal cannot be used (" + e.getMessage() + "): pgweir top --once shows it once");
            return ExitCode.FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        }
    }

    static List<String> look(RunningPgweir pgweir) throws IOException {
        RunningPgweir.Answer pools = pgweir.get("/api/pools");
        if (!pools.isOk()) {
            throw new IOException(pools.body().strip());
        }
        List<String> lines = new ArrayList<>(StatusText.of(pgweir.address(), Facts.parse(pools.body())));
        lines.add("");
        lines.addAll(pgweir.holders());
        lines.add("");
        lines.add("q quits");
        return lines;
    }
}
