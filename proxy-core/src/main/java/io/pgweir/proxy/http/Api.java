package io.pgweir.proxy.http;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.pgweir.proxy.admin.AdviceList;
import io.pgweir.proxy.admin.Census;
import io.pgweir.proxy.admin.ConsoleFailure;
import io.pgweir.proxy.admin.Version;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.PoolDirectory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * What the dashboard reads, as JSON; docs/http.md is the contract. Fingerprints of statements only, never their values. Used on
 * one thread, the loop.
 */
final class Api {
    private final PoolDirectory pools;
    private final PoolLabels labels;
    private final Readiness readiness;
    private final Crowd crowd;
    private final AdviceList advice;
    private final IncidentList incidents;
    private final long startedAt = System.nanoTime();

    Api(PoolDirectory pools, PoolLabels labels, Census census, Readiness readiness, EventLoop loop) {
        this.pools = pools;
        this.labels = labels;
        this.readiness = readiness;
        this.crowd = new Crowd(census::everybody, loop);
        this.advice = new AdviceList(pools, census);
        this.incidents = new IncidentList(pools);
    }

    void addTo(Routes routes, HealthReport report, Timeline timeline) {
        routes.add("/api/pools", "as /health, with the last ten minutes", () -> pools(report, timeline));
        routes.add("/api/holders", "who holds which backend, since when", () -> byCrowd(HolderList::json));
        routes.add(
                "/api/incidents", "why clients have waited in vain", () -> Routes.now(Answer.json(incidents.json())));
        routes.add("/api/clients", "clients by application", () -> byCrowd(ApplicationList::json));
        routes.add("/api/advice", "what to change", () -> byCrowd(people -> advice(advice.of(people))));
        routes.add("/api/version", "which build this is", () -> Routes.now(Answer.json(version())));
    }

    private CompletableFuture<Answer> byCrowd(Function<Census.People, String> json) {
        return crowd.now().thenApply(people -> Answer.json(json.apply(people))).exceptionally(Api::unanswered);
    }

    /** A loop that does not turn is no error of the page's. */
    private static Answer unanswered(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof ConsoleFailure) {
            return Answer.text(
                    HttpResponseStatus.SERVICE_UNAVAILABLE,
                    cause.getMessage() + ": see /health/live, one may be stuck");
        }
        throw new CompletionException(cause);
    }

    private CompletableFuture<Answer> pools(HealthReport report, Timeline timeline) {
        return readiness.check().thenApply(verdict -> {
            Map<String, Orders> orders = orders();
            return Answer.json(report.render(
                    verdict,
                    json -> {
                        json.name("version").value(Version.NUMBER);
                        timeline.writeScale(json);
                    },
                    (json, label) -> {
                        Orders order = orders.getOrDefault(label, Orders.NONE);
                        json.name("paused").value(order.paused);
                        json.name("longest_wait_seconds").value(order.longestWaitNanos / 1e9);
                        timeline.write(json, label);
                    }));
        });
    }

    /** What is not among the figures of pools. @param longestWaitNanos of those who wait now */
    private record Orders(boolean paused, long longestWaitNanos) {
        static final Orders NONE = new Orders(false, 0);

        Orders and(Orders other) {
            return new Orders(paused || other.paused, Math.max(longestWaitNanos, other.longestWaitNanos));
        }
    }

    /** By label, as the figures are. */
    private Map<String, Orders> orders() {
        Map<String, Orders> orders = new HashMap<>();
        for (Pool pool : pools.pools()) {
            Orders own = new Orders(pool.steering().isPaused(), pool.steering().longestWaitNanos());
            orders.merge(labels.of(pool.key()), own, Orders::and);
        }
        return orders;
    }

    private static String advice(List<AdviceList.Item> items) {
        JsonText json = new JsonText().open('{').name("advice").open('[');
        for (AdviceList.Item item : items) {
            json.open('{');
            json.name("pool").value(item.pool());
            json.name("advice").value(item.advice());
            json.name("cause").value(item.cause());
            json.name("evidence").value(item.evidence());
            json.name("seen_seconds_ago").value(item.seenSecondsAgo() == null ? 0.0 : item.seenSecondsAgo());
            json.close('}');
        }
        return json.close(']').close('}') + "\n";
    }

    private String version() {
        JsonText json = new JsonText().open('{');
        json.name("name").value("pgweir");
        json.name("version").value(Version.NUMBER);
        json.name("java").value(Runtime.version().toString());
        json.name("uptime_seconds").value((System.nanoTime() - startedAt) / 1e9);
        return json.close('}') + "\n";
    }
}
