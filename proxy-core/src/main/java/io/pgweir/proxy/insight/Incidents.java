package io.pgweir.proxy.insight;

import io.pgweir.protocol.sql.Printable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The incidents of one pool, the last {@link #KEPT} of them: one for each cause and ten seconds; what fails for the same cause
 * within that time belongs to it. Each begins with one line in the log. Thread-safe.
 */
public final class Incidents {
    static final int KEPT = 32;
    static final long LASTS_NANOS = Duration.ofSeconds(10).toNanos();
    /** Two failures closer together than this share one diagnosis. */
    static final long REUSED_NANOS = Duration.ofMillis(100).toNanos();

    private static final Logger LOG = LoggerFactory.getLogger(Incidents.class);

    private final String pool;
    private final Deque<Incident> kept = new ArrayDeque<>();
    private final Map<Cause, Incident> last = new EnumMap<>(Cause.class);
    private @Nullable Diagnosis diagnosis;
    private long diagnosedAt;

    public Incidents(String pool) {
        this.pool = Printable.of(pool);
    }

    /** The diagnosis of a moment ago, for one more who is concerned; null if there is none. */
    public synchronized @Nullable Diagnosis recent(long now) {
        Diagnosis recent = diagnosis;
        if (recent == null || now - diagnosedAt >= REUSED_NANOS) {
            return null;
        }
        recent.incident().countOne();
        return recent;
    }

    /** Finds out what is the matter. @param failed what has failed, for the log: "pool timeout" or "pool queue full" */
    public synchronized Diagnosis diagnose(String failed, Situation situation) {
        Cause cause = CauseClassifier.classify(situation);
        DiagnosisText text = new DiagnosisText(situation, cause);
        Incident before = last.get(cause);
        boolean same = before != null && situation.now() - before.begunAt() < LASTS_NANOS;
        String id = same ? before.id() : newId();
        String summary = text.summary(id, Diagnosis.LONGEST_SUMMARY);
        Incident incident = same ? before : new Incident(id, cause, situation, summary, cause.hint());
        if (!same) {
            begin(incident, failed, before == null ? 0 : Math.max(0, before.affected() - 1));
        }
        incident.countOne();
        Diagnosis found = new Diagnosis(cause, summary, text.detail(pool), cause.hint(), incident);
        diagnosis = found;
        diagnosedAt = situation.now();
        return found;
    }

    private static String newId() {
        return Integer.toHexString(0x1000000 | ThreadLocalRandom.current().nextInt(0x1000000))
                .substring(1);
    }

    private void begin(Incident incident, String failed, long unreported) {
        last.put(incident.cause(), incident);
        kept.addLast(incident);
        if (kept.size() > KEPT) {
            kept.removeFirst();
        }
        Situation at = incident.situation();
        LOG.atWarn()
                .addKeyValue("event", failed.replace(' ', '_'))
                .addKeyValue("pool", pool)
                .addKeyValue("incident", incident.id())
                .addKeyValue("cause", incident.cause().key())
                .addKeyValue("waited_ms", at.waitedNanos() / 1_000_000)
                .addKeyValue("busy", at.busy())
                .addKeyValue("limit", at.limit())
                .addKeyValue("waiting", at.waiting())
                .addKeyValue("not_logged", unreported)
                .log(
                        "{}: pool={} incident={} cause={} waited_ms={} busy={} limit={} waiting={} not_logged={} diagnosis=\"{}\""
                                + " hint=\"{}\"",
                        failed,
                        pool,
                        incident.id(),
                        incident.cause().key(),
                        at.waitedNanos() / 1_000_000,
                        at.busy(),
                        at.limit(),
                        at.waiting(),
                        unreported,
                        incident.summary().replace('"', '\''),
                        incident.hint());
    }

    /** The last ones, the newest first. */
    public synchronized List<Incident> all() {
        List<Incident> all = new ArrayList<>(kept.size());
        kept.descendingIterator().forEachRemaining(all::add);
        return all;
    }
}
