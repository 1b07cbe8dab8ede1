package io.pgweir.proxy.breaker;

import io.pgweir.proxy.settings.HostPort;

/**
 * A step of a {@link Breaker}.
 *
 * @param why the cause, in words for people, with its numbers
 */
public record Transition(HostPort server, BreakerState from, BreakerState to, String why) {}
