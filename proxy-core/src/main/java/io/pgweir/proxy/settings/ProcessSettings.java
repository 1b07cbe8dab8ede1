package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.Choice;
import io.pgweir.proxy.settings.ValueType.FileName;
import io.pgweir.proxy.settings.ValueType.Time;
import io.pgweir.proxy.settings.ValueType.Whole;
import io.pgweir.proxy.settings.ValueType.Word;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the {@link Settings} table that is about the process. */
public final class ProcessSettings {
    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<Integer> EVENT_LOOPS =
            add(Change.RESTART, "event_loops", new Whole(0, 256, "auto"), "auto", "threads that move bytes");
    static final Setting<TransportChoice> TRANSPORT = add(
            Change.RESTART,
            "transport",
            new Choice<>(TransportChoice.class),
            "auto",
            "system interface that moves bytes");
    static final Setting<Duration> SHUTDOWN_TIMEOUT = add(
            Change.AT_ONCE,
            "shutdown_timeout",
            new Time(Duration.ZERO, Durations.LONGEST, null),
            "25s",
            "longest wait for open transactions at shutdown");
    static final Setting<LogFormat> LOG_FORMAT =
            add(Change.RESTART, "log_format", new Choice<>(LogFormat.class), "text", "shape of a log line");
    static final Setting<String> LOG_LEVEL = add(
            Change.AT_ONCE,
            "log_level",
            new Word(List.of("trace", "debug", "info", "warn", "error", "off")),
            "info",
            "least important log lines to write");
    /** Of interest to the command line alone. */
    public static final Setting<String> PID_FILE = add(
            Change.RESTART,
            "pid_file",
            new FileName(),
            null,
            "file that holds the process id while pgweir runs, for pgweir reload");

    private ProcessSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    private static <T> Setting<T> add(
            Change change, String name, ValueType<T> type, @Nullable String defaultText, String description) {
        Setting<T> setting = new Setting<>(
                name, Group.PROCESS, Scope.GLOBAL, type, defaultText, List.of(), false, change, description);
        ROWS.add(setting);
        return setting;
    }
}
