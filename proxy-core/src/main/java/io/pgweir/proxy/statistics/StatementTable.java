package io.pgweir.proxy.statistics;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.Fingerprinter;
import io.pgweir.protocol.sql.Printable;
import io.pgweir.protocol.sql.QueryTags;
import io.pgweir.proxy.metrics.Counter;
import io.pgweir.proxy.metrics.Gauge;
import io.pgweir.proxy.settings.StatementRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The statements of one event loop and what they cost. Off until it is told what to keep. Only its loop uses it, but for what says
 * otherwise.
 *
 * <p>A text that has been seen is found by a cheap hash of its bytes. Any other is read for its fingerprint, as long as no more
 * than about 4 MB a second need that; what comes beyond counts as not looked at. So many statements as are kept have a tally of
 * their own; when there is no room, a sixteenth of them, those with the least connection time of late, are added to "other".
 * Nothing is lost: the sum over all tallies is that of all executions.
 */
public final class StatementTable {
    /** Labels beyond so many are one. */
    static final int MOST_LABELS = 200;

    static final String OTHER = "other";
    static final int LONGEST_TEXT = 300;
    private static final int LONGEST_LABEL = 80;

    /** A byte may be read for each so many nanoseconds, and so many at once. */
    private static final int NANOS_PER_BYTE_LOG2 = 8;

    static final long BURST = 512 << 10;
    private static final int LEAST_TEXTS = 256;
    private static final int MOST_TEXTS = 8192;

    private final LongSupplier clock;
    private final Fingerprinter fingerprinter = new Fingerprinter();
    private final StatementTally other = new StatementTally(StatementForm.rest("(other)"), null);
    private final StatementTally notLookedAt = new StatementTally(StatementForm.rest("(not looked at)"), null);
    private final Map<String, String> labels = new HashMap<>();
    private final SlowLog slowLog = new SlowLog();
    private final long salt = ThreadLocalRandom.current().nextLong();
    private final Gauge kept = new Gauge();
    private final Counter evictions = new Counter();
    private final Counter callsNotLookedAt = new Counter();

    private int capacity;
    private @Nullable StatementTally[] tallies = new StatementTally[0];
    private int size;
    private long newcomersRecent;

    private long[] hashes = new long[0];
    private @Nullable StatementTally[] texts = new StatementTally[0];

    private long budget = BURST;
    private long budgetAt;
    private long since;

    public StatementTable() {
        this(System::nanoTime);
    }

    /** @param clock as {@link System#nanoTime} */
    StatementTable(LongSupplier clock) {
        this.clock = clock;
        this.budgetAt = this.since = clock.getAsLong();
    }

    /**
     * From now on keeps so many statements; if it kept another number, what is there is dropped. Before its loop has clients, or
     * on it.
     *
     * @param loops among how many tables {@link StatementRules#kept} is shared
     */
    public void keep(StatementRules rules, int loops) {
        slowLog.follow(rules);
        int most = rules.kept() > 0 ? (rules.kept() + loops - 1) / loops : rules.isSlowLogged() ? 64 : 0;
        if (most == capacity) {
            return;
        }
        reset(); // before there is no place any more: whoever still has one of these must see that it has gone
        capacity = most;
        tallies = new StatementTally[most == 0 ? 0 : Integer.highestOneBit(most) << 2];
        int places = Math.min(MOST_TEXTS, Math.max(LEAST_TEXTS, Integer.highestOneBit(Math.max(1, most)) << 3));
        hashes = new long[most == 0 ? 0 : places];
        texts = new StatementTally[hashes.length];
    }

    /** Whether anything is counted. */
    public boolean isOn() {
        return capacity > 0;
    }

    public SlowLog slowLog() {
        return slowLog;
    }

    /** Whose statements are those of a client of {@code pool}. @param label what the client calls itself, or null */
    public StatementOwner owner(Object pool, @Nullable String label) {
        String known = label == null || label.isBlank()
                ? null
                : bounded(Printable.shortened(Printable.of(label.strip()), LONGEST_LABEL));
        long seed = TextHash.mix(TextHash.mix(salt, pool.hashCode()), known == null ? 0 : known.hashCode());
        return new StatementOwner(pool, known, seed);
    }

    private String bounded(String label) {
        String known = labels.get(label);
        if (known == null && labels.size() < MOST_LABELS) {
            labels.put(label, label);
            return label;
        }
        return known == null ? OTHER : known;
    }

    // ---- finding

    /** Where the statement in {@code in}, or what is there of it, counts. */
    public StatementTally of(ByteBuf in, int from, int to, boolean standardStrings, StatementOwner owner) {
        int length = Math.min(to - from, Fingerprinter.LOOKED_AT);
        to = from + length;
        long hash = TextHash.of(in, from, to, standardStrings ? owner.seed() : ~owner.seed());
        int place = (int) hash & (hashes.length - 1);
        StatementTally known = texts[place];
        // Owners whose names have equal hashes have equal seeds.
        if (known != null && hashes[place] == hash && known.isFor(owner)) {
            return known;
        }
        if (!mayLook(length)) {
            return notLookedAt;
        }
        long fingerprint = fingerprinter.hash(in, from, to, standardStrings);
        boolean commented = in.indexOf(from, to, (byte) '/') >= 0;
        String tag = commented ? QueryTags.label(in, from, to, standardStrings) : null;
        String label = tag == null ? owner.label() : bounded(tag);
        StatementTally found = find(owner.pool(), fingerprint, label);
        if (found == null) {
            String text = fingerprinter.text(in, from, to, standardStrings, LONGEST_TEXT);
            found = enter(new StatementForm(owner.pool(), fingerprint, text, tag), label);
        }
        hashes[place] = hash;
        texts[place] = found;
        return found;
    }

    /** Where a statement that is known counts now, if this owner executes it. */
    public StatementTally of(StatementTally known, StatementOwner owner) {
        if (isRest(known) || known.isFor(owner)) {
            return known;
        }
        return admitted(known.form().of(owner.pool()), known.form().tag() == null ? owner.label() : known.label());
    }

    /** Of what nothing is known. */
    public StatementTally notLookedAt() {
        return notLookedAt;
    }

    private boolean isRest(StatementTally tally) {
        return tally == notLookedAt || tally == other;
    }

    private boolean mayLook(int bytes) {
        long earned = clock.getAsLong() - budgetAt >> NANOS_PER_BYTE_LOG2;
        budgetAt += earned << NANOS_PER_BYTE_LOG2;
        budget = Math.min(BURST, budget + earned);
        if (budget < bytes) {
            return false;
        }
        budget -= bytes;
        return true;
    }

    private StatementTally admitted(StatementForm form, @Nullable String label) {
        StatementTally found = find(form.pool(), form.fingerprint(), label);
        return found == null ? enter(form, label) : found;
    }

    private @Nullable StatementTally find(Object pool, long fingerprint, @Nullable String label) {
        int place = place(fingerprint, label);
        for (StatementTally tally = tallies[place]; tally != null; tally = tallies[place]) {
            if (tally.is(pool, fingerprint, label)) {
                return tally;
            }
            place = place + 1 & tallies.length - 1;
        }
        return null;
    }

    private int place(long fingerprint, @Nullable String label) {
        return (int) TextHash.mix(fingerprint, label == null ? 0 : label.hashCode()) & tallies.length - 1;
    }

    private StatementTally enter(StatementForm form, @Nullable String label) {
        if (size >= capacity) {
            makeRoom();
        }
        StatementTally fresh = new StatementTally(form, label);
        fresh.recent = newcomersRecent;
        put(fresh);
        kept.set(size);
        return fresh;
    }

    private void put(StatementTally tally) {
        int place = place(tally.fingerprint(), tally.label());
        while (tallies[place] != null) {
            place = place + 1 & tallies.length - 1;
        }
        tallies[place] = tally;
        size++;
    }

    /** Newcomers begin as if they were average, so that the next one does not push them out. */
    private void makeRoom() {
        List<StatementTally> all = all();
        all.sort(Comparator.comparingLong(tally -> tally.recent));
        int leaving = Math.max(1, all.size() / 16);
        newcomersRecent = all.get(all.size() / 2).recent;
        labels.clear();
        Arrays.fill(tallies, null);
        size = 0;
        for (int i = 0; i < all.size(); i++) {
            StatementTally tally = all.get(i);
            if (i < leaving) {
                other.add(tally);
                tally.evict();
            } else {
                tally.recent -= tally.recent >> 5;
                put(tally);
                if (tally.label() != null) {
                    labels.put(tally.label(), tally.label());
                }
            }
        }
        evictions.add(leaving);
    }

    private List<StatementTally> all() {
        List<StatementTally> all = new ArrayList<>(size);
        for (StatementTally tally : tallies) {
            if (tally != null) {
                all.add(tally);
            }
        }
        return all;
    }

    // ---- counting

    /** An execution is over. */
    public void ended(StatementTally of, Execution execution) {
        StatementTally tally = present(of);
        if (!execution.continued) {
            tally.calls++;
            if (!execution.refused) {
                tally.latencies.record(execution.nanos);
            }
            if (tally == notLookedAt) {
                callsNotLookedAt.increment();
            }
        }
        tally.nanos += execution.nanos;
        tally.recent += execution.nanos;
        tally.waitNanos += execution.waitNanos;
        tally.rows += execution.rows;
        tally.bytes += execution.bytes;
        if (execution.error != null) {
            tally.errors.count(execution.error);
        }
    }

    /** A transaction has idled behind this statement. */
    public void idled(StatementTally behind, long nanos) {
        StatementTally tally = present(behind);
        tally.idleNanos += nanos;
        tally.recent += nanos;
    }

    private StatementTally present(StatementTally tally) {
        return !tally.isKept() ? isOn() ? admitted(tally.form(), tally.label()) : other : tally;
    }

    // ---- looking

    /** Everything as it is now. */
    public StatementReport look() {
        List<StatementFigures> figures = new ArrayList<>(size);
        for (StatementTally tally : all()) {
            if (tally.isUsed()) {
                figures.add(StatementFigures.of(tally));
            }
        }
        return new StatementReport(
                clock.getAsLong() - since, figures, StatementFigures.of(other), StatementFigures.of(notLookedAt));
    }

    /** Begins anew. What is under way counts for what comes. */
    public void reset() {
        all().forEach(StatementTally::evict);
        Arrays.fill(tallies, null);
        Arrays.fill(texts, null);
        size = 0;
        newcomersRecent = 0;
        other.clear();
        notLookedAt.clear();
        labels.clear();
        kept.set(0);
        since = clock.getAsLong();
    }

    /** Statements with a tally of their own. Any thread. */
    public long kept() {
        return kept.get();
    }

    /** Statements that have been added to "other". Any thread. */
    public long evicted() {
        return evictions.get();
    }

    /** Calls of statements that there was no time to look at. Any thread. */
    public long callsNotLookedAt() {
        return callsNotLookedAt.get();
    }
}
