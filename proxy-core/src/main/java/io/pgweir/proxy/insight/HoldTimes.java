package io.pgweir.proxy.insight;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Connection time by holder over the recent past, from looks at the pool at short intervals: who is seen with a backend is
 * given the time since the look before. Bounded: a ring of slices of time, and in each slice the kinds of holder that have most;
 * the rest is added up as "other". Thread-safe.
 */
public final class HoldTimes {
    static final int SLICES = 64;
    static final int MOST_KINDS = 64;
    private static final String OTHER = "other";
    private static final long SHORTEST_NANOS = Duration.ofMillis(20).toNanos();
    private static final long LONGEST_NANOS = Duration.ofSeconds(1).toNanos();

    private final long sliceNanos;
    private final Slice[] slices = new Slice[SLICES];

    /**
     * What has been seen in a span of time.
     *
     * @param shares the largest first
     * @param totalNanos connection time of all of them
     * @param ended how many holds ended in it
     */
    public record Window(List<Share> shares, long totalNanos, long ended) {
        /** Part of the time that was spent in {@code state}, 0 to 1. */
        double part(HoldState state) {
            long nanos = shares.stream()
                    .filter(share -> share.state() == state)
                    .mapToLong(Share::nanos)
                    .sum();
            return totalNanos == 0 ? 0 : (double) nanos / totalNanos;
        }
    }

    private record Kind(HoldState state, String label, long fingerprint) {}

    private static final class Tally {
        private final String text;
        private long nanos;
        private double ages;

        Tally(String text) {
            this.text = text;
        }

        void add(long more, double moreAges) {
            nanos += more;
            ages += moreAges;
        }
    }

    private static final class Slice {
        private final long number;
        private final Map<Kind, Tally> kinds = new HashMap<>();
        private long ended;

        Slice(long number) {
            this.number = number;
        }

        void add(Kind kind, String text, long nanos, double ages) {
            Tally tally = kinds.get(kind);
            if (tally == null) {
                if (kinds.size() >= MOST_KINDS && !kind.label().equals(OTHER)) {
                    mergeSmallest();
                }
                kinds.put(kind, tally = new Tally(text));
            }
            tally.add(nanos, ages);
        }

        private void mergeSmallest() {
            Map.Entry<Kind, Tally> smallest = null;
            for (Map.Entry<Kind, Tally> each : kinds.entrySet()) {
                boolean smaller = smallest == null || each.getValue().nanos < smallest.getValue().nanos;
                if (smaller && !each.getKey().label().equals(OTHER)) {
                    smallest = each;
                }
            }
            if (smallest != null) {
                Kind kind = smallest.getKey();
                Tally tally = smallest.getValue();
                kinds.remove(kind);
                kinds.computeIfAbsent(new Kind(kind.state(), OTHER, 0), other -> new Tally(""))
                        .add(tally.nanos, tally.ages);
            }
        }
    }

    /** @param longestWait how far back questions usually reach */
    public HoldTimes(Duration longestWait) {
        this.sliceNanos = Math.max(SHORTEST_NANOS, Math.min(LONGEST_NANOS, longestWait.toNanos() / (SLICES / 2)));
    }

    /**
     * Takes a look into the account.
     *
     * @param now {@link System#nanoTime}
     * @param nanos time since the last look at these
     * @param ended holds that have ended since
     */
    public synchronized void add(long now, long nanos, List<Holder> holders, long ended) {
        Slice slice = slice(Math.floorDiv(now, sliceNanos));
        slice.ended += ended;
        for (Holder holder : holders) {
            StatementView statement = holder.statement();
            Kind kind = new Kind(holder.state(), holder.label(), statement.fingerprint());
            slice.add(kind, statement.text(), nanos, (double) nanos * Math.max(0, now - holder.since()));
        }
    }

    private Slice slice(long number) {
        int place = (int) Math.floorMod(number, (long) SLICES);
        Slice slice = slices[place];
        if (slice == null || slice.number != number) {
            slices[place] = slice = new Slice(number);
        }
        return slice;
    }

    /** What was seen from {@code from} to {@code now}; whole slices, so the first one may reach back a little further. */
    public synchronized Window window(long from, long now) {
        long first = Math.floorDiv(from, sliceNanos);
        long last = Math.floorDiv(now, sliceNanos);
        Slice sum = new Slice(0);
        for (Slice slice : slices) {
            if (slice != null && slice.number >= first && slice.number <= last) {
                sum.ended += slice.ended;
                slice.kinds.forEach((kind, tally) -> sum.add(kind, tally.text, tally.nanos, tally.ages));
            }
        }
        List<Share> shares = new ArrayList<>(sum.kinds.size());
        long total = 0;
        for (Map.Entry<Kind, Tally> each : sum.kinds.entrySet()) {
            Kind kind = each.getKey();
            Tally tally = each.getValue();
            long age = tally.nanos == 0 ? 0 : (long) (tally.ages / tally.nanos);
            shares.add(new Share(kind.state(), kind.label(), kind.fingerprint(), tally.text, tally.nanos, age));
            total += tally.nanos;
        }
        shares.sort(Comparator.comparingLong(Share::nanos).reversed().thenComparing(Share::label));
        return new Window(shares, total, sum.ended);
    }
}
