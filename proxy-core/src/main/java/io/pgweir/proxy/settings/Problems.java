package io.pgweir.proxy.settings;

import java.util.ArrayList;
import java.util.List;

/** Collects problems and notes while the configuration is read, so that all of them are reported at once. */
final class Problems {
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<ConfigProblem> notes = new ArrayList<>();

    void add(String where, String message) {
        addOnce(problems, new ConfigProblem(where, message));
    }

    /** One by which the value of a setting is lost, or cannot be what is meant. */
    void add(Setting<?> setting, String where, String message) {
        lost(setting.name(), where, message);
    }

    /** The same, by the name of the setting, or the key that is no setting. */
    void lost(String key, String where, String message) {
        addOnce(problems, new ConfigProblem(where, message, key));
    }

    void note(String where, String message) {
        addOnce(notes, new ConfigProblem(where, message));
    }

    boolean none() {
        return problems.isEmpty();
    }

    List<ConfigProblem> problems() {
        return List.copyOf(problems);
    }

    List<ConfigProblem> notes() {
        return List.copyOf(notes);
    }

    private static void addOnce(List<ConfigProblem> list, ConfigProblem problem) {
        if (!list.contains(problem)) {
            list.add(problem);
        }
    }
}
