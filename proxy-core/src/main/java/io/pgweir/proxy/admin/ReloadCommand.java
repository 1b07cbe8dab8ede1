package io.pgweir.proxy.admin;

import io.pgweir.proxy.settings.ConfigChange;
import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.ReloadReport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** RELOAD: reads the configuration again, and shows what has become of it. */
final class ReloadCommand {
    /** Of the lines of an error; the log has all. */
    private static final int MOST_PROBLEMS = 20;

    private static final List<Column> COLUMNS = Column.own("of", "setting", "old_value", "new_value", "effect");

    private final AdminConsole.Subject subject;

    ReloadCommand(AdminConsole.Subject subject) {
        this.subject = subject;
    }

    Command command() {
        return new Command(
                "RELOAD",
                Command.Argument.NONE,
                Command.Access.ADMIN,
                COLUMNS,
                "Reads the configuration again, as SIGHUP does, and shows what has changed. If anything is wrong, nothing does.",
                (caller, none) -> reload(caller));
    }

    private CompletableFuture<Reply> reload(Caller caller) {
        return subject.reload()
                .apply("the admin console, user " + caller.user())
                .handle((report, failure) -> {
                    if (failure != null) {
                        throw ConsoleError.RELOAD_FAILED.failure(failure.getMessage());
                    }
                    if (report.isRejected()) {
                        throw rejected(report.problems());
                    }
                    return reply(report);
                });
    }

    private static ConsoleFailure rejected(List<ConfigProblem> problems) {
        String lines = problems.stream()
                .limit(MOST_PROBLEMS)
                .map(ConfigProblem::toString)
                .collect(Collectors.joining("\n"));
        int more = problems.size() - MOST_PROBLEMS;
        return new ConsoleFailure(ConsoleError.RELOAD_REJECTED
                .with(problems.size())
                .withDetail(more > 0 ? lines + "\nand " + more + " more, which the log has" : lines));
    }

    private static Reply reply(ReloadReport report) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (ConfigChange change : report.changes()) {
            rows.add(
                    new @Nullable Object[] {change.of(), change.what(), change.before(), change.after(), change.effect()
                    });
        }
        return new Reply(rows, rows.isEmpty() ? List.of(ConsoleError.UNCHANGED.with()) : List.of());
    }
}
