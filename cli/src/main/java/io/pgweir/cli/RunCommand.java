package io.pgweir.cli;

import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.app.StartupFailure;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.ProcessSettings;
import io.pgweir.proxy.settings.ProxyConfig;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code pgweir run}: starts the proxy and stays until it has ended. */
final class RunCommand {
    private final PrintStream err;

    private final Consumer<Proxy> whenStarted;

    RunCommand(PrintStream err) {
        this(err, proxy -> {});
    }

    RunCommand(PrintStream err, Consumer<Proxy> whenStarted) {
        this.err = err;
        this.whenStarted = whenStarted;
    }

    /** @param loaded a configuration without problems */
    int run(LoadedConfig loaded) {
        ProxyConfig config = loaded.config().orElseThrow();
        Logging.setUp(config.logFormat(), config.logLevel());
        Logger log = LoggerFactory.getLogger(RunCommand.class);
        loaded.notes().forEach(note -> log.info("configuration: {}", note));
        CompletableFuture<Proxy> started = new CompletableFuture<>();
        // before the first client can connect; a signal during the start is obeyed right after it
        Signals.install(
                number -> {
                    log.info("signal {}: shutting down; a second signal ends at once", number);
                    started.thenAccept(Proxy::shutdown);
                },
                () -> started.thenAccept(proxy -> proxy.reload("SIGHUP")));
        try (PidFile pidFile = PidFile.claim(loaded.given(ProcessSettings.PID_FILE))) {
            Proxy proxy = Proxy.start(loaded, now -> Logging.level(now.logLevel()));
            pidFile.write();
            started.complete(proxy);
            whenStarted.accept(proxy);
            proxy.awaitTermination();
            return ExitCode.OK;
        } catch (StartupFailure | PidFile.Unusable e) {
            err.println("pgweir: " + e.getMessage());
            return ExitCode.FAILED;
        } catch (Exception e) {
            log.error("pgweir ends, because of an error that it did not expect", e);
            return ExitCode.FAILED;
        }
    }
}
