package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.BackendListener;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.settings.HostPort;

/** Passes what happens to the backends of one pool to whom it concerns. */
final class BackendEvents implements BackendListener {
    private final Pool pool;
    private final Growth growth;
    private final Upkeep upkeep;
    private final HostWatch hosts;
    private final LoopPool[] parts;

    BackendEvents(Pool pool, Growth growth, Upkeep upkeep, HostWatch hosts, LoopPool[] parts) {
        this.pool = pool;
        this.growth = growth;
        this.upkeep = upkeep;
        this.hosts = hosts;
        this.parts = parts;
    }

    @Override
    public void lost(HostPort server, BackendFailure failure) {
        Breaker breaker = growth.servers().at(server);
        if (breaker != null) {
            breaker.lost(failure);
        }
    }

    @Override
    public void silent(BackendConnection backend, long begunAt) {
        HostPort server = backend.host();
        growth.unanswered(
                server,
                BackendFailure.timedOut(server + " answers neither a statement nor the request to cancel it"),
                begunAt);
    }

    @Override
    public void closed(BackendConnection backend) {
        LoopPool part = parts[backend.home().index()];
        part.remove(backend);
        growth.closed(backend);
        upkeep.closed(backend);
        pool.serve(part);
    }

    @Override
    public void reconfigured(BackendConnection backend) {
        growth.generation().reported(backend);
    }

    @Override
    public void roleChanged(BackendConnection backend) {
        growth.servers().is(backend.host(), backend.parameters().role(), System.nanoTime());
    }

    @Override
    public void roleDoubted(BackendConnection backend, boolean refused) {
        if (refused) {
            hosts.refused(backend);
        } else {
            growth.servers().rumour(backend.host());
        }
    }
}
