package io.pgweir.proxy.admin;

import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** SHOW POOLS. Figures are read while the pools work, so they may be off by one. */
final class PoolViews {
    private static final List<Column> POOLS = Column.of(
            Column.of(
                    "database",
                    "user",
                    "cl_active:4",
                    "cl_waiting:4",
                    "cl_active_cancel_req:4",
                    "cl_waiting_cancel_req:4",
                    "sv_active:4",
                    "sv_active_cancel:4",
                    "sv_being_canceled:4",
                    "sv_idle:4",
                    "sv_used:4",
                    "sv_tested:4",
                    "sv_login:4",
                    "maxwait:4",
                    "maxwait_us:4",
                    "pool_mode",
                    "load_balance_hosts"),
            "sv_open:4",
            "pool_size:4",
            "sv_idle_in_transaction:4",
            "sv_kept:4",
            "pinned:4",
            "pool_timeouts:8",
            "breaker",
            "paused",
            "last_failure");

    private final PoolDirectory pools;

    PoolViews(PoolDirectory pools) {
        this.pools = pools;
    }

    List<Command> commands() {
        return List.of(Command.show(
                "POOLS",
                POOLS,
                "Pools: who waits, what the backends do, how long the first has waited.",
                caller -> rows()));
    }

    /** All pools by name. */
    static List<Pool> sorted(PoolDirectory pools) {
        return pools.pools().stream()
                .sorted(Comparator.comparing(pool -> pool.key().toString()))
                .toList();
    }

    private List<@Nullable Object[]> rows() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Pool pool : sorted(pools)) {
            rows.add(row(pool));
        }
        return rows;
    }

    private @Nullable Object[] row(Pool pool) {
        Map<HoldState, Integer> states = pool.states();
        int idle = pool.idle();
        int connecting = pool.connecting();
        int open = pool.open();
        int tested = states.getOrDefault(HoldState.RESETTING, 0);
        // What changes hands at the moment is in no state; it is at work.
        int active = Math.max(0, open - idle - connecting - tested);
        int waiting = pool.waiting();
        long longest = pool.steering().longestWaitNanos() / 1_000;
        AdminOrder pause = pool.steering().pause();
        boolean several = pool.target().hosts().size() > 1;
        var failure = pool.failure();
        return new @Nullable Object[] {
            pool.key().database(),
            pool.key().user(),
            Math.max(0, pools.clients(pool) - waiting),
            waiting,
            0,
            0,
            active,
            0,
            0,
            idle,
            0,
            tested,
            connecting,
            (int) (longest / 1_000_000),
            (int) (longest % 1_000_000),
            pool.settings().mode().name().toLowerCase(Locale.ROOT),
            several ? pool.settings().hosts().balance().name().toLowerCase(Locale.ROOT) : null,
            open,
            pool.settings().connectionLimit(),
            states.getOrDefault(HoldState.IDLE_IN_TRANSACTION, 0),
            states.getOrDefault(HoldState.HELD, 0),
            pool.pinned().count(),
            timeouts(pool),
            pool.servers().state().key(),
            pause == null ? "no" : pause.words(),
            failure == null ? null : failure.message()
        };
    }

    private static long timeouts(Pool pool) {
        long count = 0;
        for (PoolMetrics metrics : pool.allMetrics()) {
            count += metrics.waitsTimedOut.count();
        }
        return count;
    }
}
