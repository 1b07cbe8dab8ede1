package io.pgweir.proxy.settings;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The outcome of {@link ConfigLoader#load}.
 *
 * @param config the configuration; empty if and only if there are problems
 * @param problems everything that is wrong
 * @param notes what is accepted but worth knowing
 * @param values every setting that is not hidden, with its general value
 * @param httpAccess who may read the pages over HTTP; there even if other values are wrong
 * @param pools by database, every pool setting that is not hidden, with the value that its pools have
 * @param exceptions by application and user (in words), the limits that count instead of the pool's, strongest first
 * @param sources where all this comes from
 */
public record LoadedConfig(
        Optional<ProxyConfig> config,
        List<ConfigProblem> problems,
        List<ConfigProblem> notes,
        List<EffectiveValue> values,
        HttpAccess httpAccess,
        Map<String, List<EffectiveValue>> pools,
        Map<String, List<EffectiveValue>> exceptions,
        ConfigSources sources) {

    /** Reads everything again: the files as they are now, flags and environment as they were. Not on an event loop. */
    public LoadedConfig again() {
        return ConfigLoader.load(sources);
    }

    /** The general value of a setting that is not hidden, if somebody gives one. */
    public Optional<String> given(Setting<?> setting) {
        return values.stream()
                .filter(value -> value.setting() == setting && !value.isDefault())
                .map(EffectiveValue::text)
                .findFirst();
    }

    /** The general value of a setting that is not hidden, as {@code check} shows it; there even if others are wrong. */
    public String text(Setting<?> setting) {
        return values.stream()
                .filter(value -> value.setting() == setting)
                .map(EffectiveValue::text)
                .findFirst()
                .orElseThrow();
    }

    /**
     * One resolved setting.
     *
     * @param setting the row of the table
     * @param text the value; secrets hidden
     * @param where the place that gives it, or {@code default}
     */
    public record EffectiveValue(Setting<?> setting, String text, String where) {
        boolean isDefault() {
            return where.equals(Values.DEFAULT);
        }
    }
}
