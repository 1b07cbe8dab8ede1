package io.pgweir.cli;

import io.pgweir.proxy.settings.LoadedConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;

/** Asks a running pgweir on this machine whether it is ready: for health checks of containers. */
final class HealthCommand {
    /** The answer itself takes up to half a second. */
    private static final int PATIENCE_MILLIS = 2_000;

    private static final int LONGEST_ANSWER = 4_096;

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
        HttpAddress address = HttpAddress.of(loaded).orElse(null);
        if (address == null) {
            err.println("pgweir: health is not served, because http is off; give pgweir an address for it, as"
                    + " --http 127.0.0.1:6433");
            return ExitCode.FAILED;
        }
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) address.at("/health/ready").toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(PATIENCE_MILLIS);
            connection.setReadTimeout(PATIENCE_MILLIS);
            boolean ready = connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            try (InputStream body = ready ? connection.getInputStream() : connection.getErrorStream()) {
                byte[] answerBytes = body == null ? new byte[0] : body.readNBytes(LONGEST_ANSWER);
                String answer = new String(answerBytes, StandardCharsets.UTF_8).strip();
                if (answer.isEmpty()) {
                    answer = "no pgweir at " + address + "? HTTP status " + connection.getResponseCode()
                            + "; see --http";
                }
                (ready ? out : err).println(answer);
            }
            return ready ? ExitCode.OK : ExitCode.FAILED;
        } catch (IOException e) {
            err.println("pgweir: no answer from " + address + ": " + e.getMessage()
                    + "; is pgweir running, and is this its address (--http)?");
            loaded.problems().forEach(problem -> err.println("  note: " + problem));
            return ExitCode.FAILED;
        }
    }
}
