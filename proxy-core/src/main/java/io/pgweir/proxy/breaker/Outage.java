package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.BackendFailure;

/**
 * What keeps a server from being asked for connections.
 *
 * @param cause the last failure seen
 * @param lastedNanos since the first failure
 * @param nanosToProbe until the server is asked again; 0: it is being asked
 * @param byHand an administrator has taken the server out of use, and only one can take that back
 */
public record Outage(BackendFailure cause, long lastedNanos, long nanosToProbe, boolean byHand) {}
