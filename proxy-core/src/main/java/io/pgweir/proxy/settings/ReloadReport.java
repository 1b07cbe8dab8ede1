package io.pgweir.proxy.settings;

import java.util.List;

/**
 * What has come of reading the configuration again.
 *
 * @param problems everything that is wrong with it; then nothing has been changed
 * @param notes what is accepted but worth knowing
 * @param changes what is otherwise than before, and what has been done about it
 */
public record ReloadReport(List<ConfigProblem> problems, List<ConfigProblem> notes, List<ConfigChange> changes) {
    public ReloadReport {
        problems = List.copyOf(problems);
        notes = List.copyOf(notes);
        changes = List.copyOf(changes);
    }

    /** Whether it was refused, and the former configuration stays in force. */
    public boolean isRejected() {
        return !problems.isEmpty();
    }
}
