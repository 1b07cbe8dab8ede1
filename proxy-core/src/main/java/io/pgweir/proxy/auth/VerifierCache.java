package io.pgweir.proxy.auth;

import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a database has said of users, for a while. Of one user it is asked once at a time, however many want to know. While it
 * is away, what it has said before serves for {@link #LONGEST_STALE_NANOS}, and it is not asked again at once; an answer that
 * lets nobody in ends that. Bounded: names that nobody has are kept apart, so that inventing some does not push others out, and
 * {@link StrangerQueue} keeps them from filling the queue. Thread-safe.
 */
final class VerifierCache {
    /** Asks the database. */
    interface Source {
        /** @param urgent whether there is nothing to do with but the answer; else an earlier one serves soon */
        CompletableFuture<@Nullable StoredPassword> ask(String user, boolean urgent);
    }

    static final int MOST_KNOWN = 10_000;
    static final int MOST_UNKNOWN = 1_000;

    /** Wrong passwords make it ask again, but not more often. */
    static final long LEAST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So long, since it was given, may an answer serve while the database is away. */
    static final long LONGEST_STALE_NANOS = TimeUnit.HOURS.toNanos(1);

    /**
     * @param askedAt when it was asked for, or last doubted
     * @param answeredAt when the database was asked that gave it
     * @param freshUntil when it is to be asked again
     */
    private record Answer(@Nullable StoredPassword stored, long askedAt, long answeredAt, long freshUntil) {}

    private volatile long ttlNanos;
    private final LongSupplier clock;
    private final Source source;
    private final StrangerQueue strangers = new StrangerQueue();
    private final Map<String, Answer> known = bounded(MOST_KNOWN);
    private final Map<String, Answer> unknown = bounded(MOST_UNKNOWN);
    private final Map<String, Question> underWay = new HashMap<>();

    /** One that is put or waits to be; of strangers, all of whom want the same, each in its own network's turn. */
    private final class Question extends StrangerQueue.Request {
        private final String user;
        private final boolean stranger;
        private final CompletableFuture<@Nullable StoredPassword> result = new CompletableFuture<>();

        Question(String user, boolean stranger) {
            this.user = user;
            this.stranger = stranger;
        }

        @Override
        void begin() {
            long begun = clock.getAsLong();
            source.ask(user, stranger).whenComplete((stored, failure) -> {
                answered(this, begun, stored, failure);
                if (stranger) {
                    strangers.ended(failure);
                }
            });
        }

        @Override
        void refuse(LookupFailed why) {
            answered(this, clock.getAsLong(), null, why);
        }
    }

    VerifierCache(long ttlNanos, LongSupplier clock, Source source) {
        this.ttlNanos = ttlNanos;
        this.clock = clock;
        this.source = source;
    }

    /** How long an answer counts from now on, also those that are there. */
    synchronized void ttl(long nanos) {
        boolean shorter = nanos < ttlNanos;
        ttlNanos = nanos;
        if (shorter) {
            shorten(known);
            shorten(unknown);
        }
    }

    private void shorten(Map<String, Answer> entries) {
        entries.replaceAll((user, entry) -> {
            long until = entry.answeredAt + ttlNanos;
            return until - entry.freshUntil < 0
                    ? new Answer(entry.stored, entry.askedAt, entry.answeredAt, until)
                    : entry;
        });
    }

    private static Map<String, Answer> bounded(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Answer> eldest) {
                return size() > most;
            }
        };
    }

    /**
     * Null in the result: there is no such user. Fails if that cannot be found out, and no earlier answer serves.
     *
     * @param from who asks
     */
    CompletableFuture<@Nullable StoredPassword> find(String user, Network from) {
        Question question;
        boolean first;
        synchronized (this) {
            Answer entry = get(user);
            if (entry != null && clock.getAsLong() - entry.freshUntil < 0) {
                return CompletableFuture.completedFuture(entry.stored);
            }
            Question others = underWay.get(user);
            first = others == null;
            question = others == null ? new Question(user, entry == null || entry.stored == null) : others;
            underWay.put(user, question);
        }
        if (!question.stranger) {
            if (first) {
                question.begin();
            }
        } else if (!strangers.add(from, question)) {
            forgetIfNowhere(question);
            return CompletableFuture.failedFuture(StrangerQueue.full());
        }
        return question.result;
    }

    /** What one network has no room for another may have: who finds it meanwhile has it placed, and only its name is lost. */
    private synchronized void forgetIfNowhere(Question question) {
        if (strangers.isNowhere(question)) {
            underWay.remove(question.user, question);
        }
    }

    private synchronized @Nullable Answer get(String user) {
        Answer entry = known.get(user);
        return entry == null ? unknown.get(user) : entry;
    }

    private void answered(Question question, long begun, @Nullable StoredPassword stored, @Nullable Throwable failure) {
        String user = question.user;
        CompletableFuture<@Nullable StoredPassword> result = question.result;
        Answer former = null;
        synchronized (this) {
            underWay.remove(user, question);
            if (failure == null) {
                known.remove(user);
                unknown.remove(user);
                (stored == null ? unknown : known).put(user, new Answer(stored, begun, begun, begun + ttlNanos));
            } else {
                former = after(failure, user);
            }
        }
        if (failure == null) {
            result.complete(stored);
        } else if (former != null) {
            result.complete(former.stored);
        } else {
            result.completeExceptionally(failure);
        }
    }

    /** The earlier answer, if it serves in spite of the failure. */
    private @Nullable Answer after(Throwable failure, String user) {
        Answer before = known.get(user);
        LookupFailed.Meaning meaning = LookupFailed.of(failure).meaning();
        if (before == null || meaning == LookupFailed.Meaning.NOT_ASKED) {
            return null;
        }
        long now = clock.getAsLong();
        long left = Math.max(ttlNanos, LONGEST_STALE_NANOS) - (now - before.answeredAt);
        if (meaning == LookupFailed.Meaning.REFUSED || left <= 0) {
            known.remove(user);
            return null;
        }
        long pause = Math.min(left, Math.max(ttlNanos, LEAST_PAUSE_NANOS));
        known.put(user, new Answer(before.stored, before.askedAt, before.answeredAt, now + pause));
        return before;
    }

    /** What was said of this user may be out of date: the next who wants to know asks, if some time has passed. */
    synchronized void doubt(String user) {
        Answer entry = known.get(user);
        long now = clock.getAsLong();
        if (entry != null && now - entry.askedAt >= LEAST_PAUSE_NANOS) {
            known.put(user, new Answer(entry.stored, now, entry.answeredAt, now));
        }
    }
}
