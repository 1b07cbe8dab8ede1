package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.Command.Argument;
import io.pgweir.proxy.insight.AdminOrder;
import java.util.List;

/** DRAIN and SHUTDOWN: the process as a whole. */
final class ServiceCommands {
    private final AdminConsole.Subject subject;

    ServiceCommands(AdminConsole.Subject subject) {
        this.subject = subject;
    }

    List<Command> commands() {
        return List.of(
                Command.admin(
                        "DRAIN",
                        Argument.NONE,
                        "Takes no new clients, and is not ready (/health/ready); who is here stays. RESUME takes it back.",
                        (caller, none) -> {
                            if (subject.sessions().outOfService() == null) {
                                subject.sessions().outOfService(AdminOrder.now(caller.user()));
                            }
                            return Reply.DONE.now();
                        }),
                Command.admin(
                        "SHUTDOWN",
                        Argument.NONE,
                        "Ends pgweir as SIGTERM does: open transactions may end within shutdown_timeout.",
                        (caller, none) -> {
                            subject.shutdown().run();
                            return Reply.DONE.now();
                        }));
    }
}
