package io.pgweir.proxy.settings;

import java.time.Duration;

/**
 * What is kept of statements, and which are logged.
 *
 * @param kept statements with figures of their own, on all loops together; 0: none
 * @param slow an execution that runs for so long is slow; zero: none is
 * @param slowSample percent of the slow ones that are logged, 1 to 100
 */
public record StatementRules(int kept, Duration slow, int slowSample) {
    public boolean isSlowLogged() {
        return !slow.isZero();
    }
}
