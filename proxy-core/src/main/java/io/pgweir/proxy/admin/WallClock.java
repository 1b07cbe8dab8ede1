package io.pgweir.proxy.admin;

import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What moments of {@link System#nanoTime} are called by people; nothing is measured by it. */
final class WallClock {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final Clock clock = Clock.systemUTC();

    /** Seconds since a moment, to the millisecond. */
    static double since(long nanoTime) {
        return seconds(System.nanoTime() - nanoTime);
    }

    /** Nanoseconds as seconds, to the millisecond. */
    static double seconds(long nanos) {
        return Math.round(nanos / 1e6) / 1e3;
    }

    String at(long nanoTime) {
        return FORMAT.format(clock.instant().minusNanos(System.nanoTime() - nanoTime));
    }
}
