package io.pgweir.proxy.settings;

import java.time.Duration;

/**
 * When a server is no longer asked for connections, and how it is again. The same for all servers.
 *
 * @param failures rounds of connects that fail in a row; at least 1
 * @param failureRate percent of the events in the window that are failures, 1 to 100
 * @param minEvents events that must be in the window for the rate to count; at least 1
 * @param window length of the window; above zero
 * @param cooldown pause before the first probe; above zero
 * @param longestCooldown pause between probes that it grows to; at least {@code cooldown}
 * @param ramp time from the first success to the whole limit; zero: at once
 */
public record BreakerSettings(
        int failures,
        int failureRate,
        int minEvents,
        Duration window,
        Duration cooldown,
        Duration longestCooldown,
        Duration ramp) {}
