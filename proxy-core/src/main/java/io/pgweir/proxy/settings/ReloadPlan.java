package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import io.pgweir.proxy.settings.Setting.Change;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is otherwise in a configuration that has just been read, and what is to be in force after it: the same, but for what
 * needs a restart.
 *
 * @param changes everything that is otherwise, in the order of settings, databases, users and exceptions
 * @param next what is to be published
 */
public record ReloadPlan(List<ConfigChange> changes, LoadedConfig next) {
    /**
     * @param running what is in force
     * @param read what is configured now, without problems
     */
    public static ReloadPlan between(LoadedConfig running, LoadedConfig read) {
        return new ReloadPlan(List.copyOf(new ConfigDiff(running, read).changes()), kept(running, read));
    }

    private static LoadedConfig kept(LoadedConfig running, LoadedConfig read) {
        ProxyConfig config =
                read.config().orElseThrow().keeping(running.config().orElseThrow());
        Map<String, List<EffectiveValue>> pools = new LinkedHashMap<>();
        read.pools().forEach((database, values) -> {
            List<EffectiveValue> before = running.pools().get(database);
            pools.put(database, before == null ? values : kept(before, values, config.named(database)));
        });
        List<EffectiveValue> values = new ArrayList<>();
        for (EffectiveValue value : read.values()) {
            boolean stays = value.setting().change() == Change.RESTART;
            values.add(stays ? find(value.setting(), running.values()) : value);
        }
        return new LoadedConfig(
                Optional.of(config),
                read.problems(),
                read.notes(),
                List.copyOf(values),
                running.httpAccess(),
                pools,
                read.exceptions(),
                read.sources());
    }

    private static List<EffectiveValue> kept(
            List<EffectiveValue> running, List<EffectiveValue> read, DatabaseConfig database) {
        List<EffectiveValue> values = new ArrayList<>();
        for (EffectiveValue value : read) {
            values.add(stays(value, database.pool().connectionLimit()) ? find(value.setting(), running) : value);
        }
        return List.copyOf(values);
    }

    /** Whether a value of a database is not taken over, whose limit will be {@code limit}. */
    static boolean stays(EffectiveValue value, int limit) {
        return value.setting().change() == Change.RESTART
                || (value.setting() == Settings.CONNECTION_LIMIT
                        && !value.text().equals(String.valueOf(limit)));
    }

    static EffectiveValue find(Setting<?> setting, List<EffectiveValue> values) {
        return values.stream()
                .filter(value -> value.setting() == setting)
                .findFirst()
                .orElseThrow();
    }
}
