package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The settings of one client: those of its startup, and what it has set since. They follow it to every backend. */
final class ClientSettings {
    private final SessionSettings startup;
    private SessionSettings current;
    private Set<String> custom = Set.of();
    private boolean touched;

    ClientSettings(SessionSettings startup) {
        this.startup = startup;
        this.current = startup;
    }

    /** Puts the difference to what is in force on {@code backend} in front of the client's work there. */
    void apply(BackendConnection backend, InternalReply reply) {
        SettingsSync.apply(backend, current, reply);
    }

    /** The value of a setting, or null if neither startup nor client has set it. */
    @Nullable
    String get(String name) {
        return current.get(name);
    }

    /** The client has changed a setting; what it is now is asked for before the backend is given back. */
    void touched() {
        touched = true;
    }

    /** The client changes a setting with a dot in its name. */
    void customTouched(String name) {
        if (custom.isEmpty()) {
            custom = new TreeSet<>();
        }
        custom.add(name);
    }

    boolean isTouched() {
        return touched;
    }

    /** Names with a dot that the client may have set. */
    Set<String> custom() {
        return custom;
    }

    /** Asks {@code backend} what the client has set; null is the result if it cannot be found out. */
    void ask(BackendConnection backend, Consumer<@Nullable SessionSettings> result) {
        touched = false;
        SettingsSync.snapshot(backend, custom, result);
    }

    /** What a backend says is set there is what the client has now; what it has reset is as at its startup. */
    void learned(SessionSettings snapshot) {
        current = startup.overlaidWith(snapshot);
    }

    /** The backend is gone, and with it what has not been asked for. */
    void forgotten() {
        touched = false;
    }

    /** Whether the client has set something since its login, of which it may have been told. */
    boolean haveChanged() {
        return !current.equals(startup);
    }

    /** DISCARD ALL. */
    void discarded() {
        touched = false;
        current = startup;
    }
}
