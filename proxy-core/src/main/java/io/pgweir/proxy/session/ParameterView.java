package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.ServerParameters;
import io.pgweir.proxy.backend.SessionSettings;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one client has been told by ParameterStatus: what all of its kind were told at login, and what differs since. */
final class ParameterView {
    private Map<String, String> common;
    private @Nullable Map<String, String> server;
    private @Nullable Map<String, String> own;
    private boolean standardStrings;

    /**
     * @param common shared and unmodifiable
     * @param server the {@link ServerParameters#atLogin} they go with; null: no server has confirmed them yet
     */
    ParameterView(Map<String, String> common, @Nullable Map<String, String> server) {
        this.common = common;
        this.server = server;
        this.standardStrings = !"off".equals(common.get("standard_conforming_strings"));
    }

    /** How the client's strings are to be read. */
    boolean hasStandardStrings() {
        return standardStrings;
    }

    /** Notes what PostgreSQL reports; true if the client does not know it yet. */
    boolean changes(String name, String value) {
        if (value.equals(get(name))) {
            return false;
        }
        if (own == null) {
            own = new HashMap<>(4);
        }
        own.put(name, value);
        if (name.equals("standard_conforming_strings")) {
            standardStrings = value.equals("on");
        }
        return true;
    }

    /** Whether text from a UTF-8 session is right for the client: it uses that, or nothing is converted for it. */
    boolean usesUtf8() {
        String client = get("client_encoding");
        String server = get("server_encoding");
        boolean unconverted = "SQL_ASCII".equals(client) && ("UTF8".equals(server) || "SQL_ASCII".equals(server));
        return "UTF8".equals(client) || unconverted;
    }

    boolean serverUsesUtf8() {
        return "UTF8".equals(get("server_encoding"));
    }

    /** What the client was told at its login, application_name apart. */
    @Nullable
    String atLogin(String name) {
        return common.get(name);
    }

    /** What the client was told last; null if nothing. */
    @Nullable
    String get(String name) {
        String value = own == null ? null : own.get(name);
        return value == null ? common.get(name) : value;
    }

    /**
     * What is not as the client was told, because no server could be asked then or because it is another one now, or
     * another configuration; to be called with each backend.
     *
     * @param startup what the client has asked for at its login
     */
    Map<String, String> corrections(ServerParameters actual, SessionSettings startup) {
        if (actual.atLogin() == server) {
            return Map.of();
        }
        server = actual.atLogin();
        Map<String, String> atLogin = new HashMap<>(common);
        server.forEach((name, value) -> {
            if (startup.get(name.toLowerCase(Locale.ROOT)) == null) {
                atLogin.put(name, value);
            }
        });
        Map<String, String> news = new HashMap<>();
        actual.snapshot().forEach((name, value) -> {
            if (!name.equals("application_name") && changes(name, value)) {
                news.put(name, value);
            }
        });
        common = Map.copyOf(atLogin);
        return news;
    }
}
