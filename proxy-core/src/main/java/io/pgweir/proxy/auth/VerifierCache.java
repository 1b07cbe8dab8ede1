package io.pgweir.proxy.auth;

import io.pgweir.proxy.settings.StoredPassword;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a database has said of users, for a while. Of one user it is asked once at a time, however many want to know. If it
 * cannot be asked, what it has said before serves, and it is not asked again at once. Bounded: names that nobody has are
 * kept apart, so that inventing some does not push others out. Thread-safe.
 */
final class VerifierCache {
    /** Asks the database. */
    interface Source {
        CompletableFuture<@Nullable StoredPassword> ask(String user);
    }

    static final int MOST_KNOWN = 10_000;
    static final int MOST_UNKNOWN = 1_000;

    /** Wrong passwords make it ask again, but not more often. */
    static final long LEAST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** @param freshUntil when it is to be asked again */
    private record Entry(@Nullable StoredPassword stored, long askedAt, long freshUntil) {}

    private final long ttlNanos;
    private final LongSupplier clock;
    private final Source source;
    private final Map<String, Entry> known = bounded(MOST_KNOWN);
    private final Map<String, Entry> unknown = bounded(MOST_UNKNOWN);
    private final Map<String, CompletableFuture<@Nullable StoredPassword>> underWay = new HashMap<>();

    VerifierCache(long ttlNanos, LongSupplier clock, Source source) {
        this.ttlNanos = ttlNanos;
        this.clock = clock;
        this.source = source;
    }

    private static Map<String, Entry> bounded(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Entry> eldest) {
                return size() > most;
            }
        };
    }

    /** Null in the result: there is no such user. Fails if that cannot be found out, and is not known from before. */
    CompletableFuture<@Nullable StoredPassword> find(String user) {
        CompletableFuture<@Nullable StoredPassword> result;
        synchronized (this) {
            Entry entry = get(user);
            if (entry != null && clock.getAsLong() - entry.freshUntil < 0) {
                return CompletableFuture.completedFuture(entry.stored);
            }
            CompletableFuture<@Nullable StoredPassword> others = underWay.get(user);
            if (others != null) {
                return others;
            }
            result = new CompletableFuture<>();
            underWay.put(user, result);
        }
        long begun = clock.getAsLong();
        source.ask(user).whenComplete((stored, failure) -> answered(user, begun, stored, failure, result));
        return result;
    }

    private synchronized @Nullable Entry get(String user) {
        Entry entry = known.get(user);
        return entry == null ? unknown.get(user) : entry;
    }

    private void answered(
            String user,
            long begun,
            @Nullable StoredPassword stored,
            @Nullable Throwable failure,
            CompletableFuture<@Nullable StoredPassword> result) {
        Entry before;
        synchronized (this) {
            underWay.remove(user);
            before = known.get(user);
            if (failure == null) {
                known.remove(user);
                unknown.remove(user);
                (stored == null ? unknown : known).put(user, new Entry(stored, begun, begun + ttlNanos));
            } else if (before != null) {
                long pause = Math.max(ttlNanos, LEAST_PAUSE_NANOS);
                known.put(user, new Entry(before.stored, before.askedAt, clock.getAsLong() + pause));
            }
        }
        if (failure == null) {
            result.complete(stored);
        } else if (before != null) {
            result.complete(before.stored);
        } else {
            result.completeExceptionally(failure);
        }
    }

    /** What was said of this user may be out of date: the next who wants to know asks, if some time has passed. */
    synchronized void doubt(String user) {
        Entry entry = known.get(user);
        long now = clock.getAsLong();
        if (entry != null && now - entry.askedAt >= LEAST_PAUSE_NANOS) {
            known.put(user, new Entry(entry.stored, now, now));
        }
    }
}
