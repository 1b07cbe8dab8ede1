package io.pgweir.proxy.admin;

import io.pgweir.proxy.net.LoopContext;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A command that returns when something is so. It looks again and again; who cancels it, or leaves, ends that. */
final class Wait {
    private static final long LOOK_MILLIS = 10;

    private Wait() {}

    /** @param condition asked on {@code loop}; must be cheap; throws a ConsoleFailure if it can never be */
    static CompletableFuture<Reply> until(LoopContext loop, BooleanSupplier condition) {
        CompletableFuture<Reply> result = new CompletableFuture<>();
        look(loop, condition, result);
        return result;
    }

    private static void look(LoopContext loop, BooleanSupplier condition, CompletableFuture<Reply> result) {
        if (result.isDone()) {
            return;
        }
        boolean so;
        try {
            so = condition.getAsBoolean();
        } catch (ConsoleFailure e) {
            result.completeExceptionally(e);
            return;
        }
        if (so) {
            result.complete(Reply.DONE);
        } else if (!loop.loop().isShuttingDown()) {
            loop.loop().schedule(() -> look(loop, condition, result), LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
