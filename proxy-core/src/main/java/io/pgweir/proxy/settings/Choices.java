package io.pgweir.proxy.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Enum constants as people write them: lower case with hyphens, except {@code io_uring}, which is a proper name. */
final class Choices {
    private Choices() {}

    static String text(Enum<?> constant) {
        String name = constant.name().toLowerCase(Locale.ROOT);
        return constant instanceof TransportChoice ? name : name.replace('_', '-');
    }

    static List<String> texts(Class<? extends Enum<?>> type) {
        return Arrays.stream(type.getEnumConstants()).map(Choices::text).toList();
    }

    /** The constant for a text, whatever its case and whether it has hyphens or underscores; null if there is none. */
    static <E extends Enum<E>> @Nullable E parse(Class<E> type, String text) {
        String name = text.strip().toUpperCase(Locale.ROOT).replace('-', '_');
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(name)) {
                return constant;
            }
        }
        return null;
    }
}
