package io.pgweir.proxy.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a setting's text may be and what it means.
 *
 * @param <T> the value's type, immutable
 */
public sealed interface ValueType<T> {
    /** Reads a text. */
    T parse(String text) throws BadValue;

    /** The text that reads back as this value. */
    default String text(T value) {
        return String.valueOf(value);
    }

    /** What stands for the value in help texts. */
    String placeholder();

    /** The bounds in words, or an empty text. */
    default String bounds() {
        return "";
    }

    /**
     * A whole number.
     *
     * @param zeroWord a word that means zero, or null
     */
    record Whole(int min, int max, @Nullable String zeroWord) implements ValueType<Integer> {
        @Override
        public Integer parse(String text) throws BadValue {
            String trimmed = text.strip();
            if (trimmed.equalsIgnoreCase(zeroWord)) {
                return 0;
            }
            if (!trimmed.matches("[+-]?\\d{1,18}")) {
                throw new BadValue("'" + Suggestions.quoted(text) + "' is not a whole number: write a number " + range()
                        + (zeroWord == null ? "" : ", or " + zeroWord));
            }
            long number = Long.parseLong(trimmed);
            if (number < min || number > max) {
                throw new BadValue(number + " is out of range: write a number " + range());
            }
            return (int) number;
        }

        @Override
        public String text(Integer value) {
            return value == 0 && zeroWord != null ? zeroWord : value.toString();
        }

        @Override
        public String placeholder() {
            return "N";
        }

        @Override
        public String bounds() {
            return min + " to " + max;
        }

        private String range() {
            return "from " + min + " to " + max;
        }
    }

    /**
     * A duration in whole milliseconds.
     *
     * @param zeroWord a word that means zero, or null
     */
    record Time(Duration min, Duration max, @Nullable String zeroWord) implements ValueType<Duration> {
        @Override
        public Duration parse(String text) throws BadValue {
            if (text.strip().equalsIgnoreCase(zeroWord)) {
                return Duration.ZERO;
            }
            Duration duration = Durations.parse(text);
            if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
                throw new BadValue(Durations.text(duration) + " is out of range: write a duration from "
                        + Durations.text(min) + " to " + Durations.text(max));
            }
            return duration;
        }

        @Override
        public String text(Duration value) {
            return value.isZero() && zeroWord != null ? zeroWord : Durations.text(value);
        }

        @Override
        public String placeholder() {
            return "D";
        }

        @Override
        public String bounds() {
            return Durations.text(min) + " to " + Durations.text(max);
        }
    }

    /** One constant of an enum. */
    record Choice<E extends Enum<E>>(Class<E> type) implements ValueType<E> {
        @Override
        public E parse(String text) throws BadValue {
            E constant = Choices.parse(type, text);
            if (constant == null) {
                throw unknown(text, Choices.texts(type));
            }
            return constant;
        }

        @Override
        public String text(E value) {
            return Choices.text(value);
        }

        @Override
        public String placeholder() {
            return String.join("|", Choices.texts(type));
        }
    }

    /** One of some words. */
    record Word(List<String> words) implements ValueType<String> {
        @Override
        public String parse(String text) throws BadValue {
            String word = text.strip().toLowerCase(Locale.ROOT);
            if (!words.contains(word)) {
                throw unknown(text, words);
            }
            return word;
        }

        @Override
        public String placeholder() {
            return String.join("|", words);
        }
    }

    /** True or false. */
    record Switch() implements ValueType<Boolean> {
        @Override
        public Boolean parse(String text) throws BadValue {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "true", "on", "yes", "1" -> true;
                case "false", "off", "no", "0" -> false;
                default -> throw unknown(text, List.of("true", "false"));
            };
        }

        @Override
        public String placeholder() {
            return "true|false";
        }
    }

    /** An address to listen on; {@code off} is empty. */
    record Address(boolean mayBeOff) implements ValueType<Optional<HostPort>> {
        @Override
        public Optional<HostPort> parse(String text) throws BadValue {
            if (mayBeOff && text.strip().equalsIgnoreCase("off")) {
                return Optional.empty();
            }
            try {
                return Optional.of(HostPort.parse(text));
            } catch (IllegalArgumentException e) {
                throw new BadValue(String.valueOf(e.getMessage()));
            }
        }

        @Override
        public String text(Optional<HostPort> value) {
            return value.map(HostPort::toString).orElse("off");
        }

        @Override
        public String placeholder() {
            return mayBeOff ? "HOST:PORT|off" : "HOST:PORT";
        }
    }

    /** Names separated by commas, each once, in their order. */
    record Names() implements ValueType<Set<String>> {
        @Override
        public Set<String> parse(String text) throws BadValue {
            Set<String> names = new LinkedHashSet<>();
            for (String name : Arrays.asList(text.split(",", -1))) {
                if (name.isBlank()) {
                    throw new BadValue("a name in the list is empty: write names separated by commas");
                }
                names.add(name.strip());
            }
            return Set.copyOf(names);
        }

        @Override
        public String text(Set<String> value) {
            return String.join(",", value.stream().sorted().toList());
        }

        @Override
        public String placeholder() {
            return "A,B";
        }
    }

    /** An SQLSTATE that means an error: five digits or capital letters, not of the classes of success and warnings. */
    record ErrorCode() implements ValueType<String> {
        @Override
        public String parse(String text) throws BadValue {
            String code = text.strip().toUpperCase(Locale.ROOT);
            if (!code.matches("[0-9A-Z]{5}")) {
                throw new BadValue("'" + Suggestions.quoted(text)
                        + "' is no SQLSTATE: write five digits or letters, such" + " as 53300");
            }
            if (code.startsWith("00") || code.startsWith("01") || code.startsWith("02")) {
                throw new BadValue(code + " does not mean an error: classes 00, 01 and 02 are success and warnings");
            }
            return code;
        }

        @Override
        public String placeholder() {
            return "SQLSTATE";
        }
    }

    /** Any text; {@code secret} texts are never shown. */
    record Text(String placeholder, boolean secret) implements ValueType<String> {
        @Override
        public String parse(String text) throws BadValue {
            if (text.isBlank()) {
                throw new BadValue("the value is empty");
            }
            return text.strip();
        }

        @Override
        public String text(String value) {
            return secret ? "***" : value;
        }
    }

    /**
     * A file that the program reads. In a configuration file a relative name is seen from that file's directory.
     *
     * @param word what may stand instead of a file, or null
     */
    record FileName(String placeholder, @Nullable String word) implements ValueType<String> {
        FileName() {
            this("FILE", null);
        }

        @Override
        public String parse(String text) throws BadValue {
            if (text.isBlank()) {
                throw new BadValue("the value is empty");
            }
            SecretFiles.path(text.strip());
            return text.strip();
        }

        /** What {@code text}, which stands in a configuration file, is seen from anywhere. */
        String from(Path configuration, String text) {
            if (text.isBlank() || text.strip().equals(word)) {
                return text;
            }
            try {
                return configuration
                        .resolveSibling(SecretFiles.path(text.strip()))
                        .toString();
            } catch (BadValue e) {
                return text; // reported when it is read
            }
        }
    }

    private static BadValue unknown(String text, List<String> known) {
        return new BadValue("'" + Suggestions.quoted(text) + "' is unknown: write one of " + String.join(", ", known)
                + Suggestions.didYouMean(text, known));
    }
}
