package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ParseContext;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.settings.PoolMode;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told of its parameters: what it would be told on a connection of its own. What changes while pgweir puts
 * settings in front of its work is no news to it. On the session's loop.
 */
final class ParameterReports {
    private final ClientSession session;
    private final ParameterView view;
    private final ClientSettings settings;
    private final ClientLimits limits;
    private final Set<String> meanwhile = new LinkedHashSet<>(0);

    ParameterReports(ClientSession session, ParameterView view, ClientSettings settings) {
        this.session = session;
        this.view = view;
        this.settings = settings;
        this.limits = session.limits();
    }

    boolean hasStandardStrings() {
        return view.hasStandardStrings();
    }

    /**
     * A lease begins: corrects what was told when no server could be asked, or one that reported something else.
     *
     * @param changing whether the backend still has another client's settings; then {@link #settle} does it
     */
    void begin(BackendConnection current, boolean changing) {
        if (!changing) {
            correct(current);
        }
    }

    private void correct(BackendConnection current) {
        Map<String, String> news = view.corrections(current.parameters(), settings.startup());
        if (!news.isEmpty()) {
            news.forEach(this::write);
        }
    }

    /** PostgreSQL reports a parameter. */
    void reported(@Nullable BackendConnection current, String name, String value) {
        if (current == null || session.mode() == PoolMode.SESSION) {
            tell(name, value);
            return;
        }
        if (current.ledger().isUnitSwallowed()) {
            meanwhile.add(name); // what matters is how it ends
            return;
        }
        if (current.ledger().size() > 0 && !ServerRole.isCertain(name)) {
            settings.touched();
            if (ParseContext.dependsOn(name.toLowerCase(Locale.ROOT))) {
                settings.doubted();
            }
        }
        boolean reset = settings.mayHaveBeenReset(name)
                && value.equals(current.parameters().atLogin(name));
        String atLogin = reset ? atLogin(name) : null;
        tell(name, atLogin == null ? value : atLogin);
    }

    /** What pgweir has put in front has been done. */
    void settle(BackendConnection current) {
        correct(current);
        if (meanwhile.isEmpty()) {
            return;
        }
        for (String name : meanwhile) {
            String value = current.parameters().get(name);
            if (value != null) {
                tell(name, value);
            }
        }
        meanwhile.clear();
    }

    /** A SET or RESET has completed. What it makes of a value from the client's login may be no news to PostgreSQL. */
    void settingChanged(@Nullable BackendConnection current) {
        settings.touched();
        if (current != null && settings.isResetUnderWay()) {
            current.parameters().snapshot().keySet().forEach(name -> {
                String value = settings.isReset(name) ? atLogin(name) : null;
                if (value != null) {
                    tell(name, value);
                }
            });
        }
    }

    void forget() {
        meanwhile.clear();
    }

    private @Nullable String atLogin(String name) {
        return name.equals("application_name") ? settings.startup(name) : view.atLogin(name);
    }

    private void tell(String name, String value) {
        if (view.changes(name, value)) {
            write(name, value);
            if (name.equals("application_name")) {
                limits.application(value);
            }
        }
    }

    private void write(String name, String value) {
        BackendWriter.parameterStatus(session.toClient().append(), name, value);
        session.replied();
    }
}
