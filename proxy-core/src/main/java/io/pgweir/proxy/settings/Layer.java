package io.pgweir.proxy.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values that one source (flags, environment, file, one URL) gives, each with the place where it stands. */
final class Layer {
    /** A value and its place. */
    record Given(Object value, String where) {}

    private final Map<Setting<?>, Given> values = new LinkedHashMap<>();

    /** Reads a text and keeps it, or reports why it is no value of the setting. */
    void put(Setting<?> setting, String text, String where, Problems problems) {
        try {
            values.put(setting, new Given(setting.type().parse(text), where));
        } catch (BadValue e) {
            problems.add(setting, where, String.valueOf(e.getMessage()));
        }
    }

    @Nullable
    Given get(Setting<?> setting) {
        return values.get(setting);
    }

    boolean has(Setting<?> setting) {
        return values.containsKey(setting);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    /** Everything it gives, in order. */
    Map<Setting<?>, Given> values() {
        return values;
    }

    /** Where a setting is given first, strongest layer first; null: nowhere. */
    static @Nullable Given find(Setting<?> setting, List<Layer> strongestFirst) {
        for (Layer layer : strongestFirst) {
            Given given = layer.get(setting);
            if (given != null) {
                return given;
            }
        }
        return null;
    }
}
