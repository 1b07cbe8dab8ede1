package io.pgweir.proxy.statistics;

import io.pgweir.proxy.metrics.Counter;
import io.pgweir.proxy.settings.StatementRules;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs statements that ran for long, one line each: a part of them if so asked, and at most {@link #MOST_A_SECOND} a second on
 * each loop; the others are counted, and the next line says how many they were. No values of statements. On its loop.
 */
public final class SlowLog {
    static final int MOST_A_SECOND = 5;
    private static final long SECOND = 1_000_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(SlowLog.class);

    private final Counter logged = new Counter();
    private final Counter unlogged = new Counter();
    private long from = Long.MAX_VALUE;
    private int percent;
    private long secondBegan = System.nanoTime() - SECOND;
    private int inSecond = MOST_A_SECOND;
    private long notLogged;

    /** Who has run it. */
    public interface Client {
        /** {@code database/user}. */
        String pool();

        /** Address and port. */
        String address();

        /** What it calls itself; may be empty. */
        String name();
    }

    void follow(StatementRules rules) {
        from = rules.isSlowLogged() ? rules.slow().toNanos() : Long.MAX_VALUE;
        percent = rules.slowSample();
    }

    /** Takes note of an execution; most are not slow, and cost a comparison. */
    public void look(StatementTally of, Execution execution, long now, Client client) {
        if (execution.nanos < from || execution.refused) {
            return;
        }
        if (ThreadLocalRandom.current().nextInt(100) < percent && hasRoom(now)) {
            logged.increment();
            write(of, execution, client);
            notLogged = 0;
        } else {
            unlogged.increment();
            notLogged++;
        }
    }

    private boolean hasRoom(long now) {
        if (inSecond >= MOST_A_SECOND && now - secondBegan >= SECOND) {
            secondBegan = now;
            inSecond = 0;
        }
        return inSecond++ < MOST_A_SECOND;
    }

    private void write(StatementTally of, Execution execution, Client client) {
        String pool = client.pool();
        String label = of.label() == null ? client.name() : of.label();
        String id = String.format(Locale.ROOT, "%016x", of.fingerprint());
        double millis = execution.nanos / 1e6;
        double waited = execution.waitNanos / 1e6;
        String error = execution.error == null ? "none" : execution.error;
        LOG.atInfo()
                .addKeyValue("event", "slow_statement")
                .addKeyValue("pool", pool)
                .addKeyValue("duration_ms", millis)
                .addKeyValue("wait_ms", waited)
                .addKeyValue("rows", execution.rows)
                .addKeyValue("bytes", execution.bytes)
                .addKeyValue("error_class", error)
                .addKeyValue("label", label)
                .addKeyValue("client", client.address())
                .addKeyValue("id", id)
                .addKeyValue("statement", of.text())
                .addKeyValue("not_logged", notLogged)
                .log(
                        "slow statement: pool={} duration_ms={} wait_ms={} rows={} bytes={} error_class={} label=\"{}\""
                                + " client={} id={} not_logged={} statement=\"{}\"",
                        pool,
                        String.format(Locale.ROOT, "%.1f", millis),
                        String.format(Locale.ROOT, "%.1f", waited),
                        execution.rows,
                        execution.bytes,
                        error,
                        label.replace('"', '\''),
                        client.address(),
                        id,
                        notLogged,
                        of.text().replace('"', '\''));
    }

    /** Slow statements that have a line. Any thread. */
    public long logged() {
        return logged.get();
    }

    /** Slow statements that have none, for the sample or the rate. Any thread. */
    public long unlogged() {
        return unlogged.get();
    }
}
