package io.pgweir.proxy.settings;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations as people write them: a number with {@code ms}, {@code s}, {@code m} or {@code h}; no unit means seconds. */
final class Durations {
    private static final Pattern SHAPE = Pattern.compile("(\\d{1,12}(?:\\.\\d{1,9})?)\\s*(ms|s|m|h)?");
    /** The longest a setting may say: fits the milliseconds of a 32-bit integer, as PostgreSQL's own timeouts do. */
    static final Duration LONGEST = Duration.ofHours(500);

    static final String ACCEPTED = "write 500ms, 30s, 5m or 1h; a plain number is seconds";

    private Durations() {}

    /** Reads a duration of whole milliseconds; fractions such as {@code 1.5s} are fine. */
    static Duration parse(String text) throws BadValue {
        Matcher matcher = SHAPE.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadValue("'" + Suggestions.quoted(text) + "' is not a duration: " + ACCEPTED);
        }
        BigDecimal millis = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit(matcher.group(2))));
        if (millis.remainder(BigDecimal.ONE).signum() != 0) {
            throw new BadValue("'" + Suggestions.quoted(text) + "' is finer than a millisecond: " + ACCEPTED);
        }
        return Duration.ofMillis(millis.longValueExact());
    }

    private static long unit(@Nullable String unit) {
        if (unit == null) {
            return 1000;
        }
        return switch (unit) {
            case "ms" -> 1;
            case "s" -> 1000;
            case "m" -> 60_000;
            default -> 3_600_000;
        };
    }

    /** The shortest text that {@link #parse} reads back as the same duration. */
    static String text(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0s";
        }
        if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis % 60_000 == 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }
}
