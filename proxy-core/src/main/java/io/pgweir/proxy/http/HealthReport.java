package io.pgweir.proxy.http;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.Outage;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Incident;
import io.pgweir.proxy.insight.Situation;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The state of pools and clients as JSON. One thread. */
final class HealthReport {
    private static final int MOST_HOLDERS = 20;

    private final PoolDirectory pools;
    private final Sessions sessions;
    private final PoolLabels labels;
    private final long startedAt = System.nanoTime();

    HealthReport(PoolDirectory pools, Sessions sessions, PoolLabels labels) {
        this.pools = pools;
        this.sessions = sessions;
        this.labels = labels;
    }

    /** What an incident says of people and statements. */
    enum Detail {
        ALL,
        /** For strangers: no statements, clients or labels, nor the sentences that quote them. */
        FIGURES
    }

    String render(Readiness.Verdict verdict, Detail detail) {
        return render(verdict, detail, json -> {}, (json, label) -> {});
    }

    /**
     * All of it, with more in it.
     *
     * @param more writes further members of the whole
     * @param ofPool writes further members of the pools of a label
     */
    String render(Readiness.Verdict verdict, Consumer<JsonText> more, BiConsumer<JsonText, String> ofPool) {
        return render(verdict, Detail.ALL, more, ofPool);
    }

    private String render(
            Readiness.Verdict verdict, Detail detail, Consumer<JsonText> more, BiConsumer<JsonText, String> ofPool) {
        JsonText json = new JsonText().open('{');
        json.name("ready").value(verdict.ready());
        json.name("cause").value(verdict.cause().isEmpty() ? null : verdict.cause());
        json.name("uptime_seconds").value((System.nanoTime() - startedAt) / 1e9);
        json.name("clients").open('{');
        json.name("logging_in").value(sessions.loggingIn());
        json.name("logged_in").value(sessions.loggedIn());
        json.close('}');
        more.accept(json);
        json.name("servers").open('[');
        pools.breakers()
                .all()
                .forEach(breaker -> add(json, breaker, pools.breakers().roles().of(breaker.server())));
        json.close(']');
        json.name("pools").open('[');
        for (PoolFigures pool : PoolFigures.of(pools.pools(), labels)) {
            json.open('{');
            add(json, pool, detail);
            ofPool.accept(json, pool.label());
            json.close('}');
        }
        return json.close(']').close('}').toString() + "\n";
    }

    private static void add(JsonText json, Breaker breaker, @Nullable ServerRole role) {
        json.open('{');
        json.name("server").value(breaker.server().toString());
        json.name("role").value(role == null ? null : role.key());
        json.name("read_only_by_default");
        if (role == null) {
            json.value((String) null);
        } else {
            json.value(role.readOnly());
        }
        json.name("breaker").value(breaker.state().key());
        Outage outage = breaker.outage();
        json.name("outage");
        if (outage == null) {
            json.value((String) null);
        } else {
            json.open('{');
            json.name("cause").value(outage.cause().message());
            json.name("sqlstate").value(outage.cause().sqlState());
            json.name("lasted_seconds").value(outage.lastedNanos() / 1e9);
            json.name("next_probe_seconds").value(outage.nanosToProbe() / 1e9);
            json.close('}');
        }
        json.close('}');
    }

    private static void add(JsonText json, PoolFigures pool, Detail detail) {
        json.name("pool").value(pool.label());
        json.name("limit").value(pool.limit());
        json.name("open").value(pool.open());
        json.name("idle").value(pool.idle());
        for (HoldState state : HoldState.values()) {
            json.name(state.key()).value(pool.in(state));
        }
        json.name("waiting").value(pool.waiting());
        json.name("breaker").value(pool.breaker().key());
        json.name("pinned").open('{');
        for (StateKind kind : StateKind.values()) {
            if (pool.pinned(kind) > 0) {
                json.name(kind.label()).value(pool.pinned(kind));
            }
        }
        json.close('}');
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
        json.name("last_incident");
        Incident incident = pool.lastIncident();
        if (incident == null) {
            json.value((String) null);
        } else {
            add(json, incident, detail);
        }
    }

    private static void add(JsonText json, Incident incident, Detail detail) {
        Situation at = incident.situation();
        json.open('{');
        json.name("id").value(incident.id());
        json.name("age_seconds").value((System.nanoTime() - incident.begunAt()) / 1e9);
        json.name("cause").value(incident.cause().key());
        json.name("waited_seconds").value(at.waitedNanos() / 1e9);
        json.name("busy").value(at.busy());
        json.name("limit").value(at.limit());
        json.name("waiting").value(at.waiting());
        json.name("affected").value(incident.affected());
        if (detail == Detail.ALL) {
            addPeople(json, incident);
        }
        json.close('}');
    }

    private static void addPeople(JsonText json, Incident incident) {
        Situation at = incident.situation();
        json.name("diagnosis").value(incident.summary());
        json.name("hint").value(incident.hint());
        json.name("holders").open('[');
        at.holders().stream().limit(MOST_HOLDERS).forEach(holder -> {
            json.open('{');
            json.name("state").value(holder.state().key());
            json.name("label").value(holder.label());
            json.name("statement").value(holder.statement().text());
            json.name("client").value(holder.client());
            json.name("backend_pid").value(holder.pid());
            json.name("state_seconds").value((at.now() - holder.since()) / 1e9);
            json.name("transaction_seconds").value((at.now() - holder.begunAt()) / 1e9);
            json.close('}');
        });
        json.close(']');
    }
}
