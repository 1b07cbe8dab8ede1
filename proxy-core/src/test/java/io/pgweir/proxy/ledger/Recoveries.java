package io.pgweir.proxy.ledger;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** For each kind of fault, the times from "the server is back" to the first success. */
final class Recoveries {
    private final Map<Fault, List<Long>> millis = new EnumMap<>(Fault.class);

    void add(Fault fault, long afterMillis) {
        millis.computeIfAbsent(fault, f -> new ArrayList<>()).add(afterMillis);
    }

    int count() {
        return millis.values().stream().mapToInt(List::size).sum();
    }

    boolean hasAllKinds() {
        return millis.size() == Fault.values().length;
    }

    long longest() {
        return millis.values().stream().mapToLong(Collections::max).max().orElse(0);
    }

    /** A line for each kind: how often, median, longest. */
    @Override
    public String toString() {
        return millis.entrySet().stream()
                .map(entry -> {
                    List<Long> sorted = entry.getValue().stream().sorted().toList();
                    return String.format(
                            "  %-18s %3d times, first success after %d ms (median), %d ms (longest)",
                            entry.getKey(),
                            sorted.size(),
                            sorted.get(sorted.size() / 2),
                            sorted.get(sorted.size() - 1));
                })
                .collect(Collectors.joining("\n"));
    }
}
