package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Retires backends of one pool that are too old, too long idle or too many, keeps {@code min_connections}, checks who idles. */
final class Upkeep {
    private final Pool pool;
    private final Growth growth;
    private final IdleCheck check;
    private final HostWatch hosts;

    /** Told to go, and still counted. Guarded by itself: loops retire at the same time. */
    private final Set<BackendConnection> retiring = new HashSet<>();

    Upkeep(Pool pool, Growth growth, HostWatch hosts) {
        this.pool = pool;
        this.growth = growth;
        this.hosts = hosts;
        this.check = new IdleCheck(pool);
    }

    /** One round over what is idle on one loop; on that loop. */
    void round(LoopPool part) {
        retireIdle(part);
        retireOld(part);
        retireSurplus(part);
        check.round(part);
        hosts.round(part);
        keepMinimum(part);
    }

    /** Opens what lacks at min_connections. */
    void keepMinimum(LoopPool part) {
        if (part.loop().index() == 0) {
            growth.keepMinimum(part);
        }
    }

    private void retireIdle(LoopPool part) {
        long limit = pool.settings().backendIdleTimeout().toNanos();
        long now = System.nanoTime();
        for (BackendConnection oldest = part.oldest(); oldest != null; oldest = part.oldest()) {
            boolean idleTooLong = limit > 0 && now - oldest.idleSince() >= jittered(limit, oldest);
            if (!idleTooLong || !mayGo(oldest)) {
                return;
            }
            part.remove(oldest);
            pool.discard(oldest);
        }
    }

    private boolean mayGo(BackendConnection backend) {
        synchronized (retiring) {
            return growth.open() - retiring.size() > pool.settings().minConnections() && retiring.add(backend);
        }
    }

    /**
     * Whether it is to go because there are more than connection_limit, which has been lowered: as many say so as there are
     * too many. The caller closes it. Any loop; on the path of every release.
     */
    boolean isSurplus(BackendConnection backend) {
        int limit = pool.settings().connectionLimit();
        if (growth.open() <= limit) {
            return false;
        }
        synchronized (retiring) {
            boolean tooMany = growth.open() - retiring.size() > limit;
            // If it has been closed meanwhile, nobody would take it out again.
            return tooMany && growth.backends().contains(backend) && retiring.add(backend);
        }
    }

    /** Closes what idles here above the limit. */
    void retireSurplus(LoopPool part) {
        if (growth.open() > pool.settings().connectionLimit()) {
            part.drainIf(this::isSurplus, pool::discard);
        }
    }

    /**
     * Nobody in the queue can use what is idle here. If another backend could be opened in the place of one, it goes:
     * session mode needs backends opened with the client's own parameters.
     */
    void makeRoom(LoopPool part) {
        BackendConnection oldest = part.oldest();
        boolean inTheWay = pool.waiting() > growth.connecting()
                && growth.open() >= pool.settings().connectionLimit();
        if (inTheWay && oldest != null) {
            part.remove(oldest);
            pool.discard(oldest);
        }
    }

    private void retireOld(LoopPool part) {
        List<BackendConnection> old = new ArrayList<>(0);
        for (BackendConnection backend : part.all()) {
            if (isTooOld(backend)) {
                old.add(backend);
            }
        }
        for (BackendConnection backend : old) {
            synchronized (retiring) {
                retiring.add(backend);
            }
            part.remove(backend);
            pool.discard(backend);
        }
    }

    void closed(BackendConnection backend) {
        check.closed(backend);
        synchronized (retiring) {
            retiring.remove(backend);
        }
    }

    boolean isTooOld(BackendConnection backend) {
        long lifetime = pool.settings().backendLifetime().toNanos();
        return lifetime > 0 && System.nanoTime() - backend.openedAt() > jittered(lifetime, backend);
    }

    /** Within a tenth below {@code nanos}, the same for a backend every time, so that they do not retire together. */
    private static long jittered(long nanos, BackendConnection backend) {
        return nanos - Math.floorMod(backend.hashCode() * 0x9E3779B97F4A7C15L, nanos / 10 + 1);
    }
}
