package io.pgweir.proxy.session;

import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.statistics.StatementReport;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Asks each event loop what its clients' statements have cost. Thread-safe. */
public final class StatementCensus {
    private StatementCensus() {}

    /** All of them; completes once every loop has turned. @param adder where they are added up, which takes some milliseconds */
    public static CompletableFuture<StatementReport> of(EventLoops loops, Executor adder) {
        List<CompletableFuture<StatementReport>> parts = loops.contexts().stream()
                .map(loop ->
                        CompletableFuture.supplyAsync(() -> loop.statements().look(), loop.loop()))
                .toList();
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> StatementReport.sum(
                                parts.stream().map(CompletableFuture::join).toList()),
                        adder);
    }

    /** Begins anew; completes once every loop has turned. */
    public static CompletableFuture<Void> reset(EventLoops loops) {
        return CompletableFuture.allOf(loops.contexts().stream()
                .map(loop -> CompletableFuture.runAsync(() -> loop.statements().reset(), loop.loop()))
                .toArray(CompletableFuture[]::new));
    }
}
