package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.session.StatementCensus;
import io.pgweir.proxy.statistics.StatementFigures;
import io.pgweir.proxy.statistics.StatementReport;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code /api/statements}: what statements have cost, as JSON; docs/http.md has its form. One thread. */
final class StatementsPage {
    private static final int MOST = 100;
    private static final int PATIENCE_SECONDS = 2;

    private final EventLoops loops;
    private final Executor http;
    private final Clock clock = Clock.systemUTC();

    /** @param http the loop that answers */
    StatementsPage(EventLoops loops, Executor http) {
        this.loops = loops;
        this.http = http;
    }

    /** @param uri with its query */
    CompletableFuture<Answer> answer(String uri) {
        int limit = limit(uri);
        if (limit < 0) {
            return Routes.now(Answer.text(
                    HttpResponseStatus.BAD_REQUEST, "limit is to be a whole number from 0 to " + MOST + ", once"));
        }
        return StatementCensus.of(loops, http)
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .thenApply(report -> Answer.json(json(report, limit)))
                .exceptionally(StatementsPage::late)
                .thenApplyAsync(answer -> answer, http);
    }

    private static int limit(String uri) {
        List<String> given;
        try {
            given = new QueryStringDecoder(uri).parameters().getOrDefault("limit", List.of());
        } catch (IllegalArgumentException e) {
            return -1;
        }
        if (given.isEmpty()) {
            return MOST;
        }
        boolean number = given.size() == 1 && given.get(0).matches("\\d{1,9}");
        return number ? Math.min(MOST, Integer.parseInt(given.get(0))) : -1;
    }

    private static Answer late(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (failure instanceof TimeoutException || cause instanceof TimeoutException) {
            return Answer.text(
                    HttpResponseStatus.SERVICE_UNAVAILABLE,
                    "an event loop has not answered within " + PATIENCE_SECONDS
                            + " s: /health/live says which, a thread dump why");
        }
        throw new IllegalStateException(cause);
    }

    private String json(StatementReport report, int limit) {
        StatementReport.Shares shares = report.shares();
        JsonText json = new JsonText().open('{');
        json.name("since")
                .value(clock.instant()
                        .minusNanos(report.ageNanos())
                        .truncatedTo(ChronoUnit.MILLIS)
                        .toString());
        json.name("statements").open('[');
        report.statements().stream().limit(limit).forEach(each -> {
            json.open('{');
            json.name("pool").value(each.pool());
            json.name("label").value(each.label());
            json.name("id").value(each.id());
            json.name("fingerprint").value(each.text());
            add(json, each, shares);
            json.close('}');
        });
        json.close(']');
        json.name("other").open('{');
        add(json, report.rest(limit), shares);
        return json.close('}').close('}').toString() + "\n";
    }

    private static void add(JsonText json, StatementFigures of, StatementReport.Shares shares) {
        json.name("calls").value(of.calls());
        json.name("errors").open('{');
        of.errors().forEach((type, count) -> json.name(type).value(count));
        json.close('}');
        json.name("total_seconds").micros(of.totalSeconds());
        json.name("mean_seconds").micros(of.meanSeconds());
        json.name("p50_seconds").micros(of.quantileSeconds(0.5));
        json.name("p95_seconds").micros(of.quantileSeconds(0.95));
        json.name("p99_seconds").micros(of.quantileSeconds(0.99));
        json.name("wait_seconds").micros(of.waitSeconds());
        json.name("rows").value(of.rows());
        json.name("bytes").value(of.bytes());
        json.name("share").micros(shares.of(of));
        json.name("idle_in_transaction_seconds").micros(of.idleSeconds());
    }
}
