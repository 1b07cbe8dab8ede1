package io.pgweir.proxy.http;

import io.netty.channel.EventLoop;
import io.pgweir.proxy.admin.Census;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everybody at about this moment. Whoever asks within a second of an answer gets the same, so that many pages that look do not
 * make the event loops do nothing else. Used on one thread, the loop.
 */
final class Crowd {
    private static final long FRESH_MILLIS = 1_000;

    private final Supplier<CompletableFuture<Census.People>> census;
    private final EventLoop loop;
    private @Nullable CompletableFuture<Census.People> latest;

    Crowd(Supplier<CompletableFuture<Census.People>> census, EventLoop loop) {
        this.census = census;
        this.loop = loop;
    }

    /** Completes on the loop; fails as {@link Census#everybody} does. */
    CompletableFuture<Census.People> now() {
        CompletableFuture<Census.People> known = latest;
        if (known != null) {
            return known;
        }
        CompletableFuture<Census.People> asked = new CompletableFuture<>();
        latest = asked;
        census.get().whenCompleteAsync((people, failure) -> answered(asked, people, failure), loop);
        return asked;
    }

    private void answered(
            CompletableFuture<Census.People> asked, Census.@Nullable People people, @Nullable Throwable failure) {
        // Forgotten when it is out of date, not when the next one asks: thousands of clients take memory.
        loop.schedule(() -> latest = null, FRESH_MILLIS, TimeUnit.MILLISECONDS);
        if (people != null) {
            asked.complete(people);
        } else {
            asked.completeExceptionally(failure == null ? new IllegalStateException("no answer") : failure);
        }
    }
}
