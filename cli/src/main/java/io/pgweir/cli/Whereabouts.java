package io.pgweir.cli;

import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Settings;
import java.util.List;

/** The settings that tell where a running pgweir is and what it asks for. Pure. */
final class Whereabouts {
    /** Their names. */
    static final List<String> SETTINGS = List.of("config", "http", "http_token", "http_token_file");

    private Whereabouts() {}

    /**
     * Whether another pgweir might be asked in place of the one that is meant. What is wrong in the file does not matter once an
     * option or a variable names the address: a health check must survive that somebody is writing the file.
     */
    static boolean areHiddenBy(ConfigProblem problem, LoadedConfig loaded) {
        if (!SETTINGS.contains(problem.setting())) {
            return false;
        }
        Setting<?> setting = Settings.byName(problem.setting());
        return (setting != null && isNearer(problem.where(), setting)) || !isAddressNamed(loaded);
    }

    private static boolean isAddressNamed(LoadedConfig loaded) {
        return loaded.values().stream()
                .filter(value -> value.setting() == Settings.HTTP)
                .map(EffectiveValue::where)
                .anyMatch(where -> isNearer(where, Settings.HTTP));
    }

    /** Whether a place is the option or the variable of a setting, not a file. */
    private static boolean isNearer(String where, Setting<?> setting) {
        return where.equals(setting.flag()) || where.equals(setting.environment());
    }
}
