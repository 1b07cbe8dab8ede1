package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import java.util.Map;

/** Counts how often the servers of a pool may have come to report other parameters to new connections. Thread-safe. */
final class Generation {
    private Map<String, String> reported = Map.of();
    private volatile int number;

    /** Another one than before if they may. Any thread. */
    int number() {
        return number;
    }

    /** Compares what a server reports to new connections with what the last one did. */
    synchronized void reported(BackendConnection backend) {
        if (!backend.startup().isEmpty()) {
            return; // a client's own
        }
        if (backend.parameters().atLogin().equals(reported)) {
            backend.parameters().shareAtLogin(reported);
        } else {
            reported = backend.parameters().atLogin();
            number++;
        }
    }

    /** It may be another server that is connected to next. */
    synchronized void next() {
        number++;
    }
}
