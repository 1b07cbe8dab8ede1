package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalConversation;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes a backend's settings those of a client: a conversation of pgweir's own, between the client's units of work. */
final class SettingsSync {
    static final String ROLE = "role";
    static final String SESSION_AUTHORIZATION = "session_authorization";
    private static final String CLIENT_ENCODING = "client_encoding";
    private static final String SET = "SELECT pg_catalog.set_config($1, $2, false)";

    private SettingsSync() {}

    /**
     * Sends what turns the backend's settings into {@code wanted}; nothing if they are that already. Everything is set as the
     * user that logged in: what the client has set since may need more than its present role may do. And while the backend
     * reads UTF-8, which is what this is written in; the client's own encoding comes last.
     *
     * @param client whose settings they are
     * @return true if something was sent
     */
    static boolean apply(BackendConnection backend, SessionSettings wanted, Object client, InternalReply reply) {
        SessionSettings present = backend.applied();
        Object hidden = backend.traces().hiddenSettingsOf();
        boolean unknown = hidden != null && hidden != client;
        if (!unknown && (wanted == present || wanted.equals(present))) {
            return false;
        }
        InternalConversation conversation = backend.converse(new Preparation(backend, reply));
        if (unknown || present.get(ROLE) != null) {
            conversation.execute("RESET ROLE");
        }
        if (unknown || present.get(SESSION_AUTHORIZATION) != null) {
            conversation.execute("RESET SESSION AUTHORIZATION");
        }
        if (unknown) {
            // Neither of the two above is in it.
            conversation.execute("RESET ALL");
            backend.traces().hiddenSettingsOf(null);
            present = SessionSettings.NONE;
        }
        boolean encoded = unknown || !readsUtf8(backend, wanted) || !readsUtf8(backend, present);
        if (encoded) {
            conversation.execute(SET, CLIENT_ENCODING, "UTF8");
        }
        for (String name : present.values().keySet()) {
            if (wanted.get(name) == null && !isApart(name)) {
                conversation.execute("RESET " + quoted(name));
            }
        }
        for (Map.Entry<String, String> setting : wanted.values().entrySet()) {
            if (!isApart(setting.getKey()) && !setting.getValue().equals(present.get(setting.getKey()))) {
                conversation.execute(SET, setting.getKey(), setting.getValue());
            }
        }
        if (wanted.get(CLIENT_ENCODING) != null) {
            conversation.execute(SET, CLIENT_ENCODING, wanted.get(CLIENT_ENCODING));
        } else if (encoded || present.get(CLIENT_ENCODING) != null) {
            conversation.execute("RESET " + CLIENT_ENCODING);
        }
        identity(conversation, SESSION_AUTHORIZATION, wanted.get(SESSION_AUTHORIZATION));
        identity(conversation, ROLE, wanted.get(ROLE));
        conversation.sync();
        backend.applied(wanted);
        return true;
    }

    private static void identity(InternalConversation conversation, String name, @Nullable String value) {
        if (value != null) {
            conversation.execute(SET, name, value);
        }
    }

    /** Whether a setting has its own place, before or behind all others. */
    private static boolean isApart(String name) {
        return name.equals(ROLE) || name.equals(SESSION_AUTHORIZATION) || name.equals(CLIENT_ENCODING);
    }

    private static boolean readsUtf8(BackendConnection backend, SessionSettings settings) {
        String encoding = settings.get(CLIENT_ENCODING);
        return "UTF8".equals(encoding == null ? backend.parameters().atLogin(CLIENT_ENCODING) : encoding);
    }

    /** Sets one again that a RESET has made the server's instead of the client's own. */
    static void restore(BackendConnection backend, Map<String, String> values, InternalReply reply) {
        InternalConversation conversation = backend.converse(new Preparation(backend, reply));
        values.forEach((name, value) -> conversation.execute(SET, name, value));
        conversation.sync();
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
}
