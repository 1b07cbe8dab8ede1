package io.pgweir.proxy.insight;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What was the case when clients began to wait in vain for one cause, and how many have since. Thread-safe. */
public final class Incident {
    private final String id;
    private final Cause cause;
    private final Situation situation;
    private final String summary;
    private final String hint;
    private final AtomicLong affected = new AtomicLong();

    Incident(String id, Cause cause, Situation situation, String summary, String hint) {
        this.id = id;
        this.cause = cause;
        this.situation = situation;
        this.summary = summary;
        this.hint = hint;
    }

    /** Stands in the messages of those concerned and in the log. */
    public String id() {
        return id;
    }

    public Cause cause() {
        return cause;
    }

    /** As it was when the first one had waited in vain. */
    public Situation situation() {
        return situation;
    }

    /** {@link System#nanoTime} of its beginning. */
    public long begunAt() {
        return situation.now();
    }

    public String summary() {
        return summary;
    }

    public String hint() {
        return hint;
    }

    /** Who had the backends. */
    public List<Holder> holders() {
        return situation.holders();
    }

    /** Requests that have failed in it. */
    public long affected() {
        return affected.get();
    }

    void countOne() {
        affected.incrementAndGet();
    }
}
