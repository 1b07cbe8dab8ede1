package io.pgweir.proxy.admin;

import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.Incident;
import io.pgweir.proxy.insight.Situation;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.settings.DatabaseConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** SHOW INCIDENTS, ADVICE and BREAKERS: what has gone wrong, why, and what helps. */
final class InsightViews {
    private static final List<Column> INCIDENTS = Column.own(
            "pool",
            "incident",
            "begun",
            "age_seconds:f",
            "cause",
            "waited_seconds:f",
            "busy:4",
            "pool_size:4",
            "waiting:4",
            "affected:8",
            "diagnosis",
            "advice");
    private static final List<Column> ADVICE = Column.own("pool", "advice", "cause", "evidence", "seen_seconds_ago:f");
    private static final List<Column> BREAKERS = Column.own(
            "server",
            "state",
            "since_seconds:f",
            "by_hand",
            "cause",
            "sqlstate",
            "outage_seconds:f",
            "next_probe_seconds:f",
            "role",
            "backends:4");
    private static final long RECENT_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long LONG_IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final PoolDirectory pools;
    private final Census census;
    private final WallClock clock;

    InsightViews(PoolDirectory pools, Census census, WallClock clock) {
        this.pools = pools;
        this.census = census;
        this.clock = clock;
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "INCIDENTS",
                        INCIDENTS,
                        "Why clients have waited in vain, the newest first; docs/diagnosis.md.",
                        caller -> incidents()),
                Command.show(
                        "ADVICE",
                        ADVICE,
                        "What the incidents of the last hour and the present state ask for; nothing else is guessed.",
                        (caller, argument) -> census.everybody().thenApply(people -> Reply.of(advice(people)))),
                Command.show(
                        "BREAKERS",
                        BREAKERS,
                        "Each server: whether connections are opened to it, since when, why, and what it is.",
                        caller -> breakers()));
    }

    private record Known(Pool pool, Incident incident) {}

    private List<Known> known() {
        List<Known> all = new ArrayList<>();
        for (Pool pool : pools.pools()) {
            pool.incidents().all().forEach(incident -> all.add(new Known(pool, incident)));
        }
        long now = System.nanoTime();
        all.sort(Comparator.comparingLong(known -> now - known.incident.begunAt()));
        return all;
    }

    private List<@Nullable Object[]> incidents() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Known known : known()) {
            Incident incident = known.incident;
            Situation at = incident.situation();
            rows.add(new @Nullable Object[] {
                known.pool.key().toString(),
                incident.id(),
                clock.at(incident.begunAt()),
                WallClock.since(incident.begunAt()),
                incident.cause().key(),
                WallClock.seconds(at.waitedNanos()),
                at.busy(),
                at.limit(),
                at.waiting(),
                incident.affected(),
                incident.summary(),
                incident.hint()
            });
        }
        return rows;
    }

    /** Rows of SHOW ADVICE; {@link AdviceList} reads them, too. */
    List<@Nullable Object[]> advice(Census.People people) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Breaker breaker : all()) {
            Outage outage = breaker.outage();
            if (outage != null) {
                rows.add(advice(
                        "server " + breaker.server(),
                        outage.byHand()
                                ? "AUTO " + breaker.server() + " takes it into use again."
                                : "Check that the server is up and accepts connections from this host.",
                        "breaker_" + breaker.state().key(),
                        outage.cause().message(),
                        outage.lastedNanos()));
            }
        }
        for (Pool pool : PoolViews.sorted(pools)) {
            var pause = pool.steering().pause();
            if (pause != null && pool.waiting() > 0) {
                rows.add(advice(
                        pool.key().toString(),
                        "RESUME ends the pause.",
                        "paused",
                        pool.waiting() + " clients wait; " + DatabaseViews.text("paused", pause),
                        pause.lastedNanos()));
            }
        }
        openTransactions(people, rows);
        Set<String> told = new LinkedHashSet<>();
        for (Known known : known()) {
            long age = System.nanoTime() - known.incident.begunAt();
            if (age < RECENT_NANOS && told.add(known.pool.key() + " " + known.incident.cause())) {
                rows.add(advice(
                        known.pool.key().toString(),
                        known.incident.hint(),
                        known.incident.cause().key(),
                        known.incident.affected() + " requests failed: " + known.incident.summary(),
                        age));
            }
        }
        if (rows.isEmpty()) {
            rows.add(new @Nullable Object[] {
                "",
                "Nothing to advise.",
                "",
                "Within the last hour nobody has waited in vain, and now every breaker is closed and no transaction idles.",
                null
            });
        }
        return rows;
    }

    /** The one that has been left open longest, of each pool. */
    private static void openTransactions(Census.People people, List<@Nullable Object[]> rows) {
        long now = System.nanoTime();
        Map<Pool, Holder> oldest = new LinkedHashMap<>();
        for (Census.Backend backend : people.backends()) {
            Holder holder = backend.holder();
            if (holder != null
                    && holder.state() == HoldState.IDLE_IN_TRANSACTION
                    && now - holder.since() >= LONG_IDLE_NANOS) {
                oldest.merge(backend.pool(), holder, (a, b) -> a.since() - b.since() <= 0 ? a : b);
            }
        }
        oldest.forEach((pool, holder) -> rows.add(advice(
                pool.key().toString(),
                "Do other work before or after the transaction; lower idle_in_transaction_timeout.",
                "idle_in_transaction",
                String.format(
                        Locale.ROOT,
                        "%s (client %s, backend %d) has sent nothing for %.1fs in a transaction",
                        holder.label(),
                        holder.client(),
                        holder.pid(),
                        (now - holder.since()) / 1e9),
                0)));
    }

    private static @Nullable Object[] advice(String pool, String advice, String cause, String evidence, long ageNanos) {
        return new @Nullable Object[] {pool, advice, cause, evidence, WallClock.seconds(ageNanos)};
    }

    /** Those of every configured server, used yet or not. */
    private List<Breaker> all() {
        for (DatabaseConfig database : pools.databases()) {
            database.hosts().forEach(pools.breakers()::of);
        }
        return List.copyOf(pools.breakers().all());
    }

    private List<@Nullable Object[]> breakers() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Breaker breaker : all()) {
            BreakerState state = breaker.state();
            Outage outage = breaker.outage();
            Breaker.ByHand hand = breaker.byHand();
            ServerRole role = pools.breakers().roles().of(breaker.server());
            long backends = 0;
            for (Pool pool : pools.poolsAndListeners()) {
                if (pool.servers().has(breaker.server())) {
                    backends += pool.steering().backends().stream()
                            .filter(backend -> backend.host().equals(breaker.server()))
                            .count();
                }
            }
            rows.add(new @Nullable Object[] {
                breaker.server().toString(),
                state.key(),
                WallClock.seconds(breaker.nanosInState()),
                hand == null ? "" : DatabaseViews.text(hand.open() ? "OPEN" : "CLOSE", hand.order()),
                outage == null ? null : outage.cause().message(),
                outage == null ? null : outage.cause().sqlState(),
                outage == null ? null : WallClock.seconds(outage.lastedNanos()),
                outage == null || outage.byHand() ? null : WallClock.seconds(outage.nanosToProbe()),
                role == null ? null : role.key() + (role.readOnly() ? ", read-only by default" : ""),
                (int) backends
            });
        }
        return rows;
    }
}
