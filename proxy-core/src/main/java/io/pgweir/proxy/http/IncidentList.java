package io.pgweir.proxy.http;

import io.pgweir.proxy.insight.Incident;
import io.pgweir.proxy.insight.Situation;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The last incidents of all pools as JSON, the newest first. One thread. */
final class IncidentList {
    private static final int MOST = 100;

    private final PoolDirectory pools;
    private final Clock clock = Clock.systemUTC();

    private record Known(String pool, Incident incident) {}

    IncidentList(PoolDirectory pools) {
        this.pools = pools;
    }

    String json() {
        long now = System.nanoTime();
        List<Known> known = new ArrayList<>();
        for (Pool pool : pools.pools()) {
            pool.incidents()
                    .all()
                    .forEach(incident -> known.add(new Known(pool.key().toString(), incident)));
        }
        known.sort(Comparator.comparingLong(one -> now - one.incident.begunAt()));
        JsonText json = new JsonText().open('{');
        json.name("total").value(known.size());
        json.name("incidents").open('[');
        known.stream().limit(MOST).forEach(one -> add(json, one, now));
        return json.close(']').close('}') + "\n";
    }

    private void add(JsonText json, Known known, long now) {
        Incident incident = known.incident;
        Situation at = incident.situation();
        long age = now - incident.begunAt();
        json.open('{');
        json.name("pool").value(known.pool);
        json.name("id").value(incident.id());
        json.name("begun")
                .value(clock.instant()
                        .minusNanos(age)
                        .truncatedTo(ChronoUnit.MILLIS)
                        .toString());
        json.name("age_seconds").value(age / 1e9);
        json.name("cause").value(incident.cause().key());
        json.name("waited_seconds").value(at.waitedNanos() / 1e9);
        json.name("busy").value(at.busy());
        json.name("limit").value(at.limit());
        json.name("waiting").value(at.waiting());
        json.name("affected").value(incident.affected());
        json.name("diagnosis").value(incident.summary());
        json.name("hint").value(incident.hint());
        json.close('}');
    }
}
