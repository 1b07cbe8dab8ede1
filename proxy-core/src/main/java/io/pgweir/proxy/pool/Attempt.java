package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.breaker.Breaker;

/**
 * What a connect begins with. All of it may be another by the time it ends.
 *
 * @param credentials the version of those of the target
 */
record Attempt(Breaker server, BackendTarget target, int credentials) {
    Attempt(Breaker server, BackendTarget target) {
        this(server, target, target.credentials().version());
    }
}
