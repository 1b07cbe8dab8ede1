package io.pgweir.proxy.http;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;

/** The state of pools and clients as JSON. One thread. */
final class HealthReport {
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final PoolLabels labels;
    private final long startedAt = System.nanoTime();

    HealthReport(PoolDirectory pools, Sessions sessions, PoolLabels labels) {
        this.pools = pools;
        this.sessions = sessions;
        this.labels = labels;
    }

    String render(Readiness.Verdict verdict) {
        JsonText json = new JsonText().open('{');
        json.name("ready").value(verdict.ready());
        json.name("cause").value(verdict.ready() ? null : verdict.cause());
        json.name("uptime_seconds").value((System.nanoTime() - startedAt) / 1e9);
        json.name("clients").open('{');
        json.name("logging_in").value(sessions.loggingIn());
        json.name("logged_in").value(sessions.loggedIn());
        json.close('}');
        json.name("pools").open('[');
        for (PoolFigures pool : PoolFigures.of(pools.pools(), labels)) {
            add(json, pool);
        }
        return json.close(']').close('}').toString() + "\n";
    }

    private static void add(JsonText json, PoolFigures pool) {
        json.open('{');
        json.name("pool").value(pool.label());
        json.name("limit").value(pool.limit());
        json.name("open").value(pool.open());
        json.name("active").value(pool.active());
        json.name("idle").value(pool.idle());
        json.name("connecting").value(pool.connecting());
        json.name("waiting").value(pool.waiting());
        json.name("usage").value(pool.usage());
        json.name("pool_timeouts").value(pool.sum(m -> m.waitsTimedOut).count());
        json.name("last_failure");
        BackendFailure failure = pool.failure();
        if (failure == null) {
            json.value((String) null);
        } else {
            json.open('{');
            json.name("kind").value(failure.kind().name().toLowerCase(java.util.Locale.ROOT));
            json.name("sqlstate").value(failure.sqlState());
            json.name("message").value(failure.message());
            json.close('}');
        }
        json.close('}');
    }
}
