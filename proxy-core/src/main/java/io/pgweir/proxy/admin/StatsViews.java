package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.StatsHistory.Passed;
import io.pgweir.proxy.admin.StatsHistory.Recent;
import io.pgweir.proxy.admin.StatsHistory.Totals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** SHOW STATS and its relatives: counts by database. */
final class StatsViews {
    private static final List<String> FIGURES = List.of(
            "server_assignment_count",
            "xact_count",
            "query_count",
            "received",
            "sent",
            "xact_time",
            "query_time",
            "wait_time",
            "client_parse_count",
            "server_parse_count",
            "bind_count");

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

    private static String name(String prefix, String figure, String received) {
        return prefix
                + switch (figure) {
                    case "received" -> received;
                    case "sent" -> received.startsWith("bytes_") ? "bytes_sent" : "sent";
                    default -> figure;
                };
    }

    private List<@Nullable Object[]> rows(boolean totals, boolean averages) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Map.Entry<String, Totals> entry : history.totals().entrySet()) {
            Stream<@Nullable Object> row = Stream.of(entry.getKey());
            if (totals) {
                row = Stream.concat(row, Arrays.stream(totals(entry.getValue())));
            }
            if (averages) {
                row = Stream.concat(row, Arrays.stream(averages(history.recent(entry.getKey(), entry.getValue()))));
            }
            rows.add(row.toArray());
        }
        return rows;
    }

    private static @Nullable Object[] totals(Totals totals) {
        return new @Nullable Object[] {
            totals.holds(),
            totals.holds(),
            totals.queries(),
            totals.passed().received(),
            totals.passed().sent(),
            totals.holdMicros(),
            totals.queryMicros(),
            totals.waitMicros(),
            totals.passed().clientParses(),
            totals.passed().serverParses(),
            totals.passed().binds()
        };
    }

    /** As PgBouncer: counts and waits per second, the other times per what took them. */
    private static @Nullable Object[] averages(Recent recent) {
        Totals totals = recent.totals();
        Passed passed = totals.passed();
        long holds = recent.perSecond(totals.holds());
        return new @Nullable Object[] {
            holds,
            holds,
            recent.perSecond(totals.queries()),
            recent.perSecond(passed.received()),
            recent.perSecond(passed.sent()),
            totals.holdMicros() / Math.max(1, totals.holds()),
            totals.queryMicros() / Math.max(1, totals.queries()),
            recent.perSecond(totals.waitMicros()),
            recent.perSecond(passed.clientParses()),
            recent.perSecond(passed.serverParses()),
            recent.perSecond(passed.binds())
        };
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
        add(rows, "total_", "received", totals(all));
        add(rows, "avg_", "recv", averages(new Recent(minute, seconds)));
        return Collections.unmodifiableList(rows);
    }

    private static void add(List<@Nullable Object[]> rows, String prefix, String received, @Nullable Object[] values) {
        for (int i = 0; i < FIGURES.size(); i++) {
            rows.add(new @Nullable Object[] {name(prefix, FIGURES.get(i), received), values[i]});
        }
    }
}
