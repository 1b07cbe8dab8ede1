package io.pgweir.proxy.http;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Incident;
import io.pgweir.proxy.metrics.ErrorCounts;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.pool.Pool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The figures of the pools that share a label, mostly one. Read while the pools work, so they may be off by one. */
final class PoolFigures {
    private final String label;
    private final List<PoolMetrics> metrics = new ArrayList<>();
    private final Map<HoldState, Long> states = new EnumMap<>(HoldState.class);
    private @Nullable Incident lastIncident;
    private long limit;
    private long open;
    private long connecting;
    private long idle;
    private long waiting;
    private final int[] pinned = new int[StateKind.values().length];
    private @Nullable BackendFailure failure;
    private BreakerState breaker = BreakerState.CLOSED;

    private PoolFigures(String label) {
        this.label = label;
    }

    /** One for each label, in the order of the labels. */
    static Collection<PoolFigures> of(List<Pool> pools, PoolLabels labels) {
        labels.retain(pools.stream().map(Pool::key));
        TreeMap<String, PoolFigures> all = new TreeMap<>();
        for (Pool pool : pools) {
            all.computeIfAbsent(labels.of(pool.key()), PoolFigures::new).add(pool);
        }
        return all.values();
    }

    private void add(Pool pool) {
        metrics.addAll(pool.allMetrics());
        limit += pool.settings().connectionLimit();
        // Permits last: what is idle or connecting has one, unless it has been closed since.
        idle += pool.idle();
        connecting += pool.connecting();
        open += pool.open();
        waiting += pool.waiting();
        pool.states().forEach((state, count) -> states.merge(state, count.longValue(), Long::sum));
        for (Incident incident : pool.incidents().all()) {
            if (lastIncident == null || incident.begunAt() - lastIncident.begunAt() > 0) {
                lastIncident = incident;
            }
        }
        for (StateKind kind : StateKind.values()) {
            pinned[kind.ordinal()] += pool.pinned().count(kind);
        }
        if (breaker == BreakerState.CLOSED) {
            breaker = pool.servers().state();
        }
        BackendFailure last = pool.failure();
        if (last != null) {
            failure = last;
        }
    }

    /** Where the breaker stands that counts for the pool, of the first pool where it is not closed. */
    BreakerState breaker() {
        return breaker;
    }

    String label() {
        return label;
    }

    /** Most backends. */
    long limit() {
        return limit;
    }

    /** Backends that count against the limit. */
    long open() {
        return open;
    }

    long connecting() {
        return connecting;
    }

    long idle() {
        return idle;
    }

    /** Backends in a state; {@link HoldState#ACTIVE} includes those that change hands just now. */
    long in(HoldState state) {
        if (state == HoldState.CONNECTING) {
            return connecting;
        }
        long seen = states.getOrDefault(state, 0L);
        if (state != HoldState.ACTIVE) {
            return seen;
        }
        long others = states.values().stream().mapToLong(Long::longValue).sum() - seen;
        return Math.max(seen, open - idle - connecting - others);
    }

    /** The last incident, or null. */
    @Nullable
    Incident lastIncident() {
        return lastIncident;
    }

    /** Errors by SQLSTATE; those of {@code always} are there in any case. */
    SortedMap<String, Long> errors(Function<PoolMetrics, ErrorCounts> counts, List<String> always) {
        SortedMap<String, Long> sum = new TreeMap<>();
        always.forEach(code -> sum.put(code, 0L));
        metrics.forEach(one -> counts.apply(one).forEach((code, count) -> sum.merge(code, count, Long::sum)));
        return sum;
    }

    long waiting() {
        return waiting;
    }

    /** Clients that keep their backends for this reason. */
    int pinned(StateKind kind) {
        return pinned[kind.ordinal()];
    }

    /** The part of the limit that is not there for the next client: 0 to 1. */
    double usage() {
        return limit == 0 ? 0 : Math.min(1, (double) Math.max(0, open - idle) / limit);
    }

    /** The last failed connect that no success has followed, or null. */
    @Nullable
    BackendFailure failure() {
        return failure;
    }

    Histogram.Snapshot sum(Function<PoolMetrics, Histogram> histogram) {
        Histogram.Snapshot sum = new Histogram.Snapshot();
        metrics.forEach(one -> histogram.apply(one).addTo(sum));
        return sum;
    }

    long total(ToLongFunction<PoolMetrics> counter) {
        return metrics.stream().mapToLong(counter).sum();
    }
}
