package io.pgweir.proxy.settings;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The key {@code max_clients} of a user and of a database. */
final class ClientCount {
    static final String KEY = "max_clients";

    private ClientCount() {}

    /** Null if it is not there, or after a problem; 0 means any number. */
    static @Nullable Integer of(Map<String, YamlNode.Entry> entries) {
        YamlNode.Entry entry = entries.get(KEY);
        String text = entry == null ? null : entry.value().text(KEY, false);
        if (entry == null || text == null) {
            return null;
        }
        try {
            return AuthSettings.MAX_USER_CLIENTS.type().parse(text);
        } catch (BadValue e) {
            entry.value().problem(String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** As people read it. */
    static String text(@Nullable Integer count) {
        return count == null ? "as others" : count == 0 ? "off" : count.toString();
    }
}
