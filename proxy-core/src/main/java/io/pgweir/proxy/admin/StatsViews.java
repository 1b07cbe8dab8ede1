package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.StatsHistory.Recent;
import io.pgweir.proxy.admin.StatsHistory.Totals;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** SHOW STATS and its relatives: counts by database. */
final class StatsViews {
    private static final List<StatsFigure> FIGURES = List.of(StatsFigure.values());

    private final StatsHistory history;

    StatsViews(StatsHistory history) {
        this.history = history;
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "STATS",
                        columns("total_", "received", "avg_", "recv"),
                        "Counts and times (microseconds) by database, and averages of the last minute.",
                        caller -> rows(true, true)),
                Command.show(
                        "STATS_TOTALS",
                        columns("", "bytes_received", null, ""),
                        "The counts of SHOW STATS.",
                        caller -> rows(true, false)),
                Command.show(
                        "STATS_AVERAGES",
                        columns("", "bytes_received", null, ""),
                        "The averages of SHOW STATS: per second; times per transaction, query and second.",
                        caller -> rows(false, true)),
                Command.show(
                        "TOTALS",
                        Column.of("name", "value:8"),
                        "SHOW STATS of all databases together, one figure in a row.",
                        caller -> sums()));
    }

    private static List<Column> columns(
            String totalPrefix, String totalReceived, @Nullable String averagePrefix, String averageReceived) {
        List<String> names = new ArrayList<>(List.of("database"));
        FIGURES.forEach(figure -> names.add(name(totalPrefix, figure, totalReceived) + ":8"));
        if (averagePrefix != null) {
            FIGURES.forEach(figure -> names.add(name(averagePrefix, figure, averageReceived) + ":8"));
        }
        return Column.of(names.toArray(String[]::new));
    }

    private static String name(String prefix, StatsFigure figure, String received) {
        return prefix
                + switch (figure) {
                    case RECEIVED -> received;
                    case SENT -> received.startsWith("bytes_") ? "bytes_sent" : "sent";
                    default -> figure.column;
                };
    }

    private List<@Nullable Object[]> rows(boolean totals, boolean averages) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        history.totals().forEach((database, counted) -> {
            List<Object> row = new ArrayList<>(List.of(database));
            if (totals) {
                FIGURES.forEach(figure -> row.add(counted.get(figure)));
            }
            if (averages) {
                Recent recent = history.recent(database, counted);
                FIGURES.forEach(figure -> row.add(recent.average(figure)));
            }
            rows.add(row.toArray());
        });
        return rows;
    }

    private List<@Nullable Object[]> sums() {
        Totals all = Totals.NONE;
        Totals minute = Totals.NONE;
        double seconds = 1;
        for (Map.Entry<String, Totals> entry : history.totals().entrySet()) {
            Recent recent = history.recent(entry.getKey(), entry.getValue());
            all = all.plus(entry.getValue());
            minute = minute.plus(recent.totals());
            seconds = recent.seconds();
        }
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (StatsFigure figure : FIGURES) {
            rows.add(row("total_", figure, "received", all.get(figure)));
        }
        Recent recent = new Recent(minute, seconds);
        for (StatsFigure figure : FIGURES) {
            rows.add(row("avg_", figure, "recv", recent.average(figure)));
        }
        return Collections.unmodifiableList(rows);
    }

    private static @Nullable Object[] row(String prefix, StatsFigure figure, String received, long value) {
        return new @Nullable Object[] {name(prefix, figure, received), value};
    }
}
