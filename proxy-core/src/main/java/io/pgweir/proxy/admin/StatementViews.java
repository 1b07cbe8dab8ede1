package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.Command.Argument;
import io.pgweir.proxy.statistics.StatementFigures;
import io.pgweir.proxy.statistics.StatementReport;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SHOW STATEMENTS, and RESET STATEMENTS. */
final class StatementViews {
    private static final List<Column> STATEMENTS = Column.own(
            "pool",
            "label",
            "id",
            "statement",
            "calls:8",
            "errors",
            "total_seconds:f",
            "mean_seconds:f",
            "p50_seconds:f",
            "p95_seconds:f",
            "p99_seconds:f",
            "wait_seconds:f",
            "rows:8",
            "bytes:8",
            "share:f",
            "idle_in_transaction_seconds:f");

    private final Census census;

    StatementViews(Census census) {
        this.census = census;
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "STATEMENTS",
                        STATEMENTS,
                        "What statements have cost, without their values, the most total time first, and those that are not told"
                                + " apart last; docs/statements.md.",
                        (caller, argument) -> census.statements().thenApply(report -> Reply.of(rows(report)))),
                Command.admin(
                        "RESET STATEMENTS",
                        Argument.NONE,
                        "Begins the statistics of SHOW STATEMENTS anew.",
                        (caller, none) -> census.resetStatements().thenApply(done -> Reply.DONE)));
    }

    private static List<@Nullable Object[]> rows(StatementReport report) {
        StatementReport.Shares shares = report.shares();
        List<@Nullable Object[]> rows = new ArrayList<>();
        report.statements().forEach(each -> rows.add(row(each, shares)));
        for (StatementFigures rest : List.of(report.other(), report.notLookedAt())) {
            if (rest.calls() > 0) {
                rows.add(row(rest, shares));
            }
        }
        return rows;
    }

    private static @Nullable Object[] row(StatementFigures of, StatementReport.Shares shares) {
        boolean rest = of.pool().isEmpty();
        return new @Nullable Object[] {
            rest ? null : of.pool(),
            of.label(),
            rest ? null : of.id(),
            of.text(),
            of.calls(),
            of.errors().entrySet().stream()
                    .map(entry -> entry.getKey() + ":" + entry.getValue())
                    .collect(Collectors.joining(" ")),
            micros(of.totalSeconds()),
            micros(of.meanSeconds()),
            micros(of.quantileSeconds(0.5)),
            micros(of.quantileSeconds(0.95)),
            micros(of.quantileSeconds(0.99)),
            micros(of.waitSeconds()),
            of.rows(),
            of.bytes(),
            micros(shares.of(of)),
            micros(of.idleSeconds())
        };
    }

    private static double micros(double value) {
        return Math.round(value * 1e6) / 1e6;
    }
}
