package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalConversation;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a backend's settings those of a client, and learns from a backend what a client has set. Both are conversations
 * of pgweir's own, between the client's units of work.
 */
final class SettingsSync {
    /**
     * Everything that was set in this session, in a form that set_config takes back. {@code role} is not in pg_settings;
     * those left out belong to a transaction or a moment, and cannot be reset.
     */
    static final String SNAPSHOT = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'"
            + " AND name NOT IN"
            + " ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'seed')"
            + " UNION ALL SELECT name, setting FROM (SELECT name, pg_catalog.current_setting(name, true) AS setting"
            + " FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name) AS custom WHERE setting <> ''"
            + " UNION ALL SELECT 'role', pg_catalog.current_setting('role')"
            + " WHERE pg_catalog.current_setting('role') <> 'none'";

    private static final String SET = "SELECT pg_catalog.set_config($1, $2, false)";

    private SettingsSync() {}

    /**
     * Sends what turns the backend's settings into {@code wanted}; nothing if they are that already.
     *
     * @return true if something was sent
     */
    static boolean apply(BackendConnection backend, SessionSettings wanted, InternalReply reply) {
        SessionSettings present = backend.applied();
        if (wanted == present || wanted.equals(present)) {
            return false;
        }
        InternalConversation conversation = backend.converse(reply);
        for (String name : present.values().keySet()) {
            if (wanted.get(name) == null) {
                conversation.execute("RESET " + quoted(name));
            }
        }
        for (Map.Entry<String, String> setting : wanted.values().entrySet()) {
            if (!setting.getValue().equals(present.get(setting.getKey()))) {
                conversation.execute(SET, setting.getKey(), setting.getValue());
            }
        }
        conversation.sync();
        backend.applied(wanted);
        return true;
    }

    /**
     * Asks for the settings of this session.
     *
     * @param custom names with a dot that the client may have set: PostgreSQL does not list those that no extension owns
     */
    static void snapshot(BackendConnection backend, Set<String> custom, Consumer<@Nullable SessionSettings> result) {
        Set<String> names = new TreeSet<>(custom);
        backend.applied().values().keySet().stream()
                .filter(SettingsSync::isCustom)
                .forEach(names::add);
        String array = names.stream()
                .map(name -> '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
        backend.converse(new Snapshot(result)).execute(SNAPSHOT, array).sync();
    }

    static boolean isCustom(String name) {
        return name.indexOf('.') >= 0;
    }

    private static String quoted(String name) {
        StringBuilder sql = new StringBuilder();
        for (String part : name.split("\\.", -1)) {
            sql.append(sql.length() == 0 ? "" : ".")
                    .append('"')
                    .append(part.replace("\"", "\"\""))
                    .append('"');
        }
        return sql.toString();
    }

    private static final class Snapshot implements InternalReply {
        private final Consumer<@Nullable SessionSettings> result;
        private final Map<String, String> values = new TreeMap<>();

        Snapshot(Consumer<@Nullable SessionSettings> result) {
            this.result = result;
        }

        @Override
        public void row(ByteBuf body) {
            body.readShort();
            String name = text(body).toLowerCase(Locale.ROOT);
            values.put(name, text(body));
        }

        private static String text(ByteBuf body) {
            int length = body.readInt();
            return length < 0
                    ? ""
                    : body.readCharSequence(length, StandardCharsets.UTF_8).toString();
        }

        @Override
        public void done(@Nullable ErrorFields error) {
            result.accept(error == null ? SessionSettings.of(values) : null);
        }
    }
}
