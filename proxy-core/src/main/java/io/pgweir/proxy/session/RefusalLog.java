package io.pgweir.proxy.session;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log lines about connections that did not get as far as a login: whoever opens them in great number must not fill the disk. So
 * many a second are written, of the others their number. Thread-safe.
 */
final class RefusalLog {
    /** Lines a second. */
    static final int MOST = 20;

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);

    private final LongSupplier nanoTime;
    private long since;
    private int lines;
    private long unwritten;

    RefusalLog() {
        this(System::nanoTime);
    }

    RefusalLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** Says why a connection was refused, unless that has been said often enough just now. */
    void info(String format, Object... arguments) {
        if (mayWrite()) {
            LOG.info(format, arguments);
        }
    }

    private boolean mayWrite() {
        long before;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            before = 0;
            if (now - since >= SECOND) {
                before = unwritten;
                since = now;
                lines = 0;
                unwritten = 0;
            }
            if (lines == MOST) {
                unwritten++;
                return false;
            }
            lines++;
        }
        if (before > 0) {
            LOG.info("and {} more connections were refused, of which nothing is written", before);
        }
        return true;
    }
}
