package io.pgweir.proxy.statistics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What statements have cost, of one loop or of all.
 *
 * @param ageNanos for how long it has been counted
 * @param statements those with figures of their own
 * @param other all those together that have made room
 * @param notLookedAt all those together that there was no time to look at
 */
public record StatementReport(
        long ageNanos, List<StatementFigures> statements, StatementFigures other, StatementFigures notLookedAt) {

    /** Those of several loops added up, the most total time first. */
    public static StatementReport sum(Collection<StatementReport> parts) {
        Map<Object, StatementFigures> statements = new LinkedHashMap<>();
        StatementFigures other = StatementFigures.none("(other)");
        StatementFigures notLookedAt = StatementFigures.none("(not looked at)");
        long age = 0;
        for (StatementReport part : parts) {
            age = Math.max(age, part.ageNanos);
            other.add(part.other);
            notLookedAt.add(part.notLookedAt);
            for (StatementFigures each : part.statements) {
                StatementFigures known = statements.putIfAbsent(each.key(), each);
                if (known != null) {
                    known.add(each);
                }
            }
        }
        List<StatementFigures> sorted = new ArrayList<>(statements.values());
        sorted.sort(Comparator.comparingLong(StatementFigures::totalNanos).reversed());
        return new StatementReport(age, sorted, other, notLookedAt);
    }

    /** Connection time of everything. */
    private long connectionNanos() {
        long sum = other.connectionNanos() + notLookedAt.connectionNanos();
        for (StatementFigures each : statements) {
            sum += each.connectionNanos();
        }
        return sum;
    }

    /** How these figures' connection time, running and idle in transaction, relates to that of everything: 0 to 1. */
    public Shares shares() {
        return new Shares(Math.max(1, connectionNanos()));
    }

    /** @param allNanos connection time of everything */
    public record Shares(long allNanos) {
        public double of(StatementFigures figures) {
            return (double) figures.connectionNanos() / allNanos;
        }
    }

    /** Everything beyond the first {@code most} statements, with what is not told apart in any case. */
    public StatementFigures rest(int most) {
        StatementFigures rest = StatementFigures.none("(other)");
        rest.add(other);
        rest.add(notLookedAt);
        statements.stream().skip(most).forEach(rest::add);
        return rest;
    }
}
