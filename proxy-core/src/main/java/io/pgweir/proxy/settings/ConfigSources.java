package io.pgweir.proxy.settings;

import java.util.Map;

/**
 * Where the configuration comes from, before it is read.
 *
 * @param flags setting name to text, as given on the command line
 * @param environment the process environment
 */
public record ConfigSources(Map<String, String> flags, Map<String, String> environment) {
    public ConfigSources {
        flags = Map.copyOf(flags);
        environment = Map.copyOf(environment);
    }

    /** Names only: values may hold passwords. */
    @Override
    public String toString() {
        return "ConfigSources[flags=" + flags.keySet() + "]";
    }
}
