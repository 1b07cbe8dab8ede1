package io.pgweir.proxy.breaker;

import io.pgweir.proxy.settings.HostPort;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what breakers do to the log: each outage and each recovery, and how it stands while an outage lasts, but not every
 * probe. Thread-safe.
 */
final class BreakerLog implements BreakerListener {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);
    private static final long AGAIN_NANOS = 30_000_000_000L;

    private final LongSupplier clock;
    private final Map<HostPort, Long> lastWarning = new HashMap<>();

    BreakerLog(LongSupplier clock) {
        this.clock = clock;
    }

    synchronized void retain(Set<HostPort> servers) {
        lastWarning.keySet().retainAll(servers);
    }

    @Override
    public void changed(Transition step) {
        switch (step.to()) {
            case OPEN -> {
                if (isDue(step)) {
                    LOG.warn(
                            "server {}: breaker open: {}. No connections are opened; statements that need one fail at once"
                                    + " (57P03), or wait if the server is only starting up or full.",
                            step.server(),
                            step.why());
                } else {
                    LOG.debug("server {}: breaker open: {}", step.server(), step.why());
                }
            }
            case HALF_OPEN -> LOG.debug("server {}: breaker half-open: {}", step.server(), step.why());
            case RAMP -> {
                if (isSettled(step)) {
                    LOG.info(
                            "server {}: breaker ramp: {}. A growing part of connection_limit is opened.",
                            step.server(),
                            step.why());
                }
            }
            case CLOSED -> {
                settle(step);
                LOG.info("server {}: breaker closed: {}", step.server(), step.why());
            }
        }
    }

    /** The first of an outage, and one every now and then. */
    private synchronized boolean isDue(Transition step) {
        Long last = lastWarning.get(step.server());
        long now = clock.getAsLong();
        if (last != null && now - last < AGAIN_NANOS) {
            return false;
        }
        lastWarning.put(step.server(), now);
        return true;
    }

    /** A server that comes and goes is not worth a line each time. */
    private synchronized boolean isSettled(Transition step) {
        return lastWarning.containsKey(step.server());
    }

    private synchronized void settle(Transition step) {
        lastWarning.remove(step.server());
    }
}
