package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.ProcessSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a running pgweir on this machine to read its configuration again: by SIGHUP, so that the system decides who may. The
 * metrics of that process tell what has come of it.
 */
final class ReloadCommand {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final long LOOK_MILLIS = 50;

    private final PrintStream out;
    private final PrintStream err;
    private final LongSupplier clock = System::nanoTime;

    ReloadCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * {@link ExitCode#OK} if it was asked, and has not said that it did not take the configuration.
     *
     * @param pid the process; null: the one that {@code pid_file} names
     * @param loaded whose settings {@code pid_file} and {@code http} count; what is wrong with the rest is for the process to say
     */
    int run(@Nullable String pid, LoadedConfig loaded) {
        try {
            long process = pid == null ? fromFile(loaded) : number(pid);
            requirePgweir(process);
            ReloadCounts counts = ReloadCounts.of(loaded);
            Map<String, Double> before = counts.read();
            hangUp(process);
            return before.isEmpty() ? unknown(process) : outcome(process, counts, before);
        } catch (PidFile.Unusable e) {
            err.println("pgweir: " + e.getMessage());
            return ExitCode.FAILED;
        } catch (IOException e) {
            err.println("pgweir: SIGHUP could not be sent: " + e.getMessage());
            return ExitCode.FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        }
    }

    private static long fromFile(LoadedConfig loaded) throws PidFile.Unusable {
        Optional<String> file = loaded.given(ProcessSettings.PID_FILE);
        if (file.isEmpty()) {
            throw new PidFile.Unusable(
                    "which process is meant? Give --pid N, or the pid_file that pgweir was started with"
                            + " (--pid-file, or the --config that names it)");
        }
        return PidFile.read(Path.of(file.get()));
    }

    private static long number(String pid) throws PidFile.Unusable {
        try {
            return Long.parseLong(pid);
        } catch (NumberFormatException e) {
            throw new PidFile.Unusable("--pid needs the number of a process");
        }
    }

    /** Others would end by a SIGHUP. */
    private static void requirePgweir(long pid) throws PidFile.Unusable {
        ProcessHandle process = ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .orElseThrow(() -> new PidFile.Unusable("there is no process " + pid + ": is pgweir running?"));
        Optional<String[]> arguments = process.info().arguments();
        boolean other =
                arguments.isPresent() && !String.join(" ", arguments.get()).contains("pgweir");
        if (other || pid == ProcessHandle.current().pid()) {
            throw new PidFile.Unusable("process " + pid + " is not pgweir: it was not disturbed");
        }
    }

    /** Java can send no signal but those that end a process; a shell can, where there is no program for it (slim images). */
    private static void hangUp(long pid) throws IOException, InterruptedException, PidFile.Unusable {
        Process kill = new ProcessBuilder("sh", "-c", "kill -HUP \"$1\"", "sh", String.valueOf(pid))
                .redirectErrorStream(true)
                .start();
        String said = new String(kill.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
        if (kill.waitFor() != 0) {
            throw new PidFile.Unusable("process " + pid + " did not get SIGHUP: " + said);
        }
    }

    private int unknown(long pid) {
        out.println("process " + pid + " was asked to reload; its log tells what came of it");
        return ExitCode.OK;
    }

    private int outcome(long pid, ReloadCounts counts, Map<String, Double> before) throws InterruptedException {
        long begunAt = clock.getAsLong();
        while (clock.getAsLong() - begunAt < PATIENCE_NANOS) {
            Map<String, Double> now = counts.read();
            for (Map.Entry<String, Double> outcome : new TreeMap<>(now).entrySet()) {
                if (outcome.getValue() > before.getOrDefault(outcome.getKey(), 0.0)) {
                    return report(pid, outcome.getKey());
                }
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        err.println("pgweir: process " + pid + " was asked to reload, and has not said within "
                + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS) + " s what came of it: see its log");
        return ExitCode.FAILED;
    }

    private int report(long pid, String outcome) {
        if (outcome.equals("succeeded")) {
            out.println(
                    "process " + pid + " has reloaded its configuration; its log, and RELOAD in the console, tell what"
                            + " has changed");
            return ExitCode.OK;
        }
        err.println("pgweir: process " + pid + " has not taken the configuration (" + outcome
                + "), and goes on with the former one; its log has the reasons, pgweir check finds most of them");
        return ExitCode.FAILED;
    }
}
