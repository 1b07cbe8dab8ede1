package io.pgweir.proxy.http;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.internal.PlatformDependent;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.breaker.SeenRoles;
import io.pgweir.proxy.insight.Cause;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.metrics.Histogram;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.metrics.StateLeaks;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.statistics.StatementTable;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Collection;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Sums up, at each scrape, what the event loops have counted. The loops count in plain longs, because looking a meter up
 * for each query would cost more than the rest of its bookkeeping. One thread.
 */
final class PoolCollector implements MultiCollector {
    /** Errors of pgweir's own that alerts ask for: their series are there before the first one. */
    private static final List<String> ALWAYS_THERE = Stream.of(
                    SqlState.TOO_MANY_CONNECTIONS,
                    SqlState.CANNOT_CONNECT_NOW,
                    SqlState.CONNECTION_FAILURE,
                    SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                    SqlState.QUERY_CANCELED,
                    SqlState.TRANSACTION_TIMEOUT,
                    SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT)
            .map(SqlState::code)
            .toList();

    private final PoolDirectory pools;
    private final Sessions sessions;
    private final PoolLabels labels;
    private final EventLoops loops;
    private final Heartbeats heartbeats;

    PoolCollector(PoolDirectory pools, Sessions sessions, PoolLabels labels, EventLoops loops, Heartbeats heartbeats) {
        this.pools = pools;
        this.sessions = sessions;
        this.labels = labels;
        this.loops = loops;
        this.heartbeats = heartbeats;
    }

    @Override
    public MetricSnapshots collect() {
        Collection<PoolFigures> figures = PoolFigures.of(pools.pools(), labels);
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        for (Metric metric : Metric.values()) {
            Series series = new Series(metric);
            switch (metric) {
                case CLIENTS -> {
                    series.add(sessions.loggingIn(), "logging_in");
                    series.add(sessions.loggedIn(), "logged_in");
                }
                case CLIENTS_REFUSED -> {
                    series.add(sessions.newcomers().refused(), "unauthenticated");
                    series.add(sessions.newcomers().refusedOfAddress(), "unauthenticated_of_address");
                    series.add(sessions.loginBuffers().refused(), "login_buffers");
                }
                case CLIENT_STATEMENTS -> series.add(pools.statementBudget.held());
                case CLIENT_BUFFERS ->
                    series.add(
                            sessions.buffers().held() + sessions.loginBuffers().held());
                case BREAKER_STATE, BREAKER_TRANSITIONS ->
                    pools.breakers().all().forEach(breaker -> add(breaker, metric, series));
                case SERVER_ROLE ->
                    pools.breakers()
                            .all()
                            .forEach(breaker ->
                                    addRole(breaker.server(), pools.breakers().roles(), series));
                case RELOADS -> {
                    for (LiveConfig.Outcome outcome : LiveConfig.Outcome.values()) {
                        series.add(sessions.configuration().counted(outcome), outcome.key());
                    }
                }
                case CONFIG_RELOADED_AT ->
                    series.add(sessions.configuration().succeededAt().toEpochMilli() / 1000.0);
                case BUFFER_MEMORY -> {
                    ByteBufAllocatorMetric buffers =
                            ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric();
                    series.add(buffers.usedHeapMemory(), "heap");
                    series.add(buffers.usedDirectMemory(), "direct");
                }
                case BUFFER_MEMORY_LIMIT -> series.add(PlatformDependent.maxDirectMemory());
                case LOOP_LAG -> heartbeats.lags((lag, loop) -> series.add(lag, String.valueOf(loop)));
                case SLOW_STATEMENTS -> {
                    series.add(total(table -> table.slowLog().logged()), "yes");
                    series.add(total(table -> table.slowLog().unlogged()), "no");
                }
                case STATEMENTS_KEPT -> series.add(total(StatementTable::kept));
                case STATEMENTS_EVICTED -> series.add(total(StatementTable::evicted));
                case STATEMENTS_NOT_LOOKED_AT -> series.add(total(StatementTable::callsNotLookedAt));
                default -> figures.forEach(pool -> add(pool, metric, series));
            }
            all.metricSnapshot(series.build());
        }
        return all.build();
    }

    /** Of all event loops. */
    private long total(ToLongFunction<StatementTable> counter) {
        return loops.contexts().stream()
                .mapToLong(loop -> counter.applyAsLong(loop.statements()))
                .sum();
    }

    private static void add(Breaker breaker, Metric metric, Series series) {
        BreakerState now = breaker.state();
        for (BreakerState state : BreakerState.values()) {
            double value = metric == Metric.BREAKER_TRANSITIONS ? breaker.entered(state) : state == now ? 1 : 0;
            series.add(value, breaker.server().toString(), state.key());
        }
    }

    private static void addRole(HostPort server, SeenRoles roles, Series series) {
        ServerRole role = roles.of(server);
        String now = role == null ? Metric.Label.UNKNOWN : role.key();
        for (String key : Metric.SERVER_ROLE.labels().get(1).values()) {
            series.add(key.equals(now) ? 1 : 0, server.toString(), key);
        }
    }

    private static void add(PoolFigures pool, Metric metric, Series series) {
        String name = pool.label();
        switch (metric) {
            case POOL_CONNECTIONS -> {
                series.add(pool.idle(), name, "idle");
                for (HoldState state : HoldState.values()) {
                    series.add(pool.in(state), name, state.key());
                }
            }
            case POOL_LIMIT -> series.add(pool.limit(), name);
            case POOL_USAGE -> series.add(pool.usage(), name);
            case POOL_WAITING -> series.add(pool.waiting(), name);
            case POOL_WAIT -> {
                series.add(pool.sum(m -> m.waitsServed), name, "served");
                series.add(pool.sum(m -> m.waitsTimedOut), name, "timeout");
                series.add(pool.sum(m -> m.waitsFailed), name, "failed");
            }
            case POOL_TIMEOUTS -> {
                for (Cause cause : Cause.values()) {
                    series.add(pool.total(m -> m.poolTimeouts.get(cause)), name, cause.key());
                }
            }
            case QUERY_DURATION -> series.add(pool.sum(m -> m.queries), name);
            case TRANSACTION_DURATION -> series.add(pool.sum(m -> m.transactions), name);
            case BACKEND_CONNECT -> {
                series.add(pool.sum(m -> m.connects), name, "succeeded");
                series.add(pool.sum(m -> m.connectsFailed), name, "failed");
            }
            case CANCELS -> {
                series.add(pool.total(m -> m.cancelsForClients.get()), name, "client");
                series.add(pool.total(m -> m.cancelsOfAbandoned.get()), name, "abandoned");
                series.add(pool.total(m -> m.cancelsOfOverdue.get()), name, "timeout");
            }
            case TIMEOUTS -> {
                series.add(pool.total(m -> m.statementTimeouts.get()), name, "statement");
                series.add(pool.total(m -> m.transactionTimeouts.get()), name, "transaction");
                series.add(pool.total(m -> m.idleInTransactionTimeouts.get()), name, "idle_in_transaction");
                series.add(pool.total(m -> m.pinnedIdleTimeouts.get()), name, "pinned_idle");
            }
            case RETRIES -> {
                series.add(pool.total(m -> m.connectRetriesSucceeded.get()), name, "connect", "succeeded");
                series.add(pool.total(m -> m.connectRetriesFailed.get()), name, "connect", "failed");
                series.add(pool.total(m -> m.planRetriesSucceeded.get()), name, "stale_plan", "succeeded");
                series.add(pool.total(m -> m.planRetriesFailed.get()), name, "stale_plan", "failed");
                series.add(pool.total(m -> m.replaysSucceeded.get()), name, "backend_lost", "succeeded");
                series.add(pool.total(m -> m.replaysFailed.get()), name, "backend_lost", "failed");
                series.add(pool.total(m -> m.replaysDenied.get()), name, "backend_lost", "denied");
            }
            case ERRORS -> {
                pool.errors(m -> m.errorsOfProxy, ALWAYS_THERE)
                        .forEach((code, count) -> series.add(count, name, "proxy", code));
                pool.errors(m -> m.errorsOfPostgres, List.of())
                        .forEach((code, count) -> series.add(count, name, "postgres", code));
            }
            case LISTEN_CHANNELS -> series.add(pool.total(m -> m.listenChannels.get()), name);
            case LISTEN_CLIENTS -> series.add(pool.total(m -> m.listenClients.get()), name);
            case NOTIFICATIONS -> {
                series.add(pool.total(m -> m.notificationsDelivered.get()), name, "delivered");
                series.add(pool.total(m -> m.notificationsDropped.get()), name, "dropped");
            }
            case NOTIFICATION_GAPS -> {
                series.add(pool.total(m -> m.gapsOfBackend.get()), name, "backend_lost");
                series.add(pool.total(m -> m.gapsOfClient.get()), name, "slow_client");
            }
            case PINNED_CLIENTS -> {
                for (StateKind kind : StateKind.values()) {
                    series.add(pool.pinned(kind), name, kind.label());
                }
            }
            case STATE_LEAKS -> {
                for (StateKind kind : StateKind.values()) {
                    for (StateLeaks.Action action : StateLeaks.Action.values()) {
                        series.add(
                                pool.total(m -> m.stateLeaks.of(kind, action).get()),
                                name,
                                kind.label(),
                                action.label());
                    }
                }
            }
            default -> throw new IllegalStateException(metric + " has no figures");
        }
    }

    /** The series of one metric, built with Prometheus' own types. */
    private static final class Series {
        private final Metric metric;
        private final GaugeSnapshot.Builder gauges = GaugeSnapshot.builder();
        private final CounterSnapshot.Builder counters = CounterSnapshot.builder();
        private final HistogramSnapshot.Builder histograms = HistogramSnapshot.builder();

        Series(Metric metric) {
            this.metric = metric;
        }

        void add(double value, String... labelValues) {
            if (metric.kind() == Metric.Kind.COUNTER) {
                counters.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value(value)
                        .labels(labels(labelValues))
                        .build());
            } else {
                gauges.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .value(value)
                        .labels(labels(labelValues))
                        .build());
            }
        }

        void add(Histogram.Snapshot sum, String... labelValues) {
            ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
            long below = 0;
            for (int i = 0; i < sum.buckets(); i++) {
                long upTo = sum.cumulative(i);
                buckets.bucket(sum.boundSeconds(i), upTo - below);
                below = upTo;
            }
            buckets.bucket(Double.POSITIVE_INFINITY, sum.count() - below);
            histograms.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                    .classicHistogramBuckets(buckets.build())
                    .sum(sum.sumSeconds())
                    .labels(labels(labelValues))
                    .build());
        }

        private Labels labels(String... values) {
            String[] names = metric.labels().stream().map(Metric.Label::name).toArray(String[]::new);
            return Labels.of(names, values);
        }

        MetricSnapshot build() {
            String name = metric.exposed();
            return switch (metric.kind()) {
                case GAUGE -> gauges.name(name).help(metric.help()).build();
                case COUNTER ->
                    counters.name(name.substring(0, name.length() - "_total".length()))
                            .help(metric.help())
                            .build();
                case HISTOGRAM -> histograms.name(name).help(metric.help()).build();
            };
        }
    }
}
