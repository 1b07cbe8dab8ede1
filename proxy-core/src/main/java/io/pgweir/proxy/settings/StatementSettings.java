package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.Time;
import io.pgweir.proxy.settings.ValueType.Whole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The part of the {@link Settings} table that is about statistics of statements and the slow log. */
final class StatementSettings {
    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<Integer> STATEMENT_STATISTICS = add(
            "statement_statistics",
            new Whole(0, 100_000, "off"),
            "1000",
            "statements whose calls, times and rows are counted apart; 0 = none");
    static final Setting<Duration> SLOW_STATEMENT = add(
            "slow_statement",
            new Time(Duration.ZERO, Duration.ofHours(500), "off"),
            "1s",
            "a statement that runs for so long is logged, without its values; 0 = none is");
    static final Setting<Integer> SLOW_STATEMENT_SAMPLE = add(
            "slow_statement_sample", new Whole(1, 100, null), "100", "percent of the slow statements that are logged");

    private StatementSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    static StatementRules rules(Values values) {
        return new StatementRules(
                values.get(STATEMENT_STATISTICS), values.get(SLOW_STATEMENT), values.get(SLOW_STATEMENT_SAMPLE));
    }

    private static <T> Setting<T> add(String name, ValueType<T> type, String defaultText, String description) {
        Setting<T> setting =
                new Setting<>(name, Group.STATEMENTS, Scope.GLOBAL, type, defaultText, List.of(), false, description);
        ROWS.add(setting);
        return setting;
    }
}
