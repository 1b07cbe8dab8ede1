package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.ParseContext;
import io.pgweir.proxy.backend.SessionSettings;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The settings of one client: those of its startup, and what it has set since. They follow it to every backend. */
final class ClientSettings {
    private final SessionSettings startup;
    private SessionSettings current;
    private Set<String> custom = Set.of();
    private boolean touched;
    private boolean unlearned;
    private boolean resetSent;
    /** Names of startup settings that a RESET has made the server's. */
    private Set<String> reset = Set.of();

    private Object owner = new Object();
    private boolean doubtful;
    private SessionSettings contextOf = SessionSettings.NONE;
    private ParseContext context = ParseContext.NONE;

    ClientSettings(SessionSettings startup) {
        this.startup = startup;
        this.current = startup;
    }

    /** Puts the difference to what is in force on {@code backend} in front of the client's work; true if there is one. */
    boolean apply(BackendConnection backend, InternalReply reply) {
        return SettingsSync.apply(backend, current, owner, reply);
    }

    /** Stands for the client until it discards everything; what it has left on a backend before that is somebody else's. */
    Object owner() {
        return owner;
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

    /** The client changes settings with a dot in their names. */
    void customTouched(Set<String> names) {
        if (custom.isEmpty()) {
            custom = new TreeSet<>();
        }
        custom.addAll(names);
    }

    boolean isTouched() {
        return touched;
    }

    /** Names with a dot that the client may have set. */
    Set<String> custom() {
        return custom;
    }

    /** The settings are being asked for. */
    void asked() {
        touched = false;
    }

    /** What a backend says is set there is what the client has now; what it has reset is as at its startup. */
    void learned(SessionSettings snapshot) {
        current = startup.overlaidWith(snapshot);
        unlearned = touched;
    }

    /** Whether the client has been answered something that may have set something, and what it is now is not known. */
    boolean areUnlearned() {
        return unlearned;
    }

    /** Something is being sent, or has been, that may change what a text means to PostgreSQL. */
    void doubted() {
        doubtful = true;
    }

    /** Whether {@link #parseContext} may not be what is in force on the client's backend. */
    boolean isDoubtful() {
        return doubtful;
    }

    /** What the client's texts are read by, as far as it is known. */
    ParseContext parseContext() {
        if (contextOf != current) {
            contextOf = current;
            context = ParseContext.of(current);
        }
        return context;
    }

    /** The client has no backend any more, and what has not been asked for is gone. */
    void forgotten() {
        touched = false;
        unlearned = false;
        doubtful = false;
        resetSent = false;
        reset = Set.of();
    }

    /** Whether the client has set something since its login, of which it may have been told. */
    boolean haveChanged() {
        return !current.equals(startup);
    }

    /** DISCARD ALL: the values are the server's, and those of the startup are to be set again. More may be set behind it. */
    void discarded() {
        reset = startup.values().keySet();
        current = startup;
        owner = new Object();
    }

    // ---- RESET goes to the values of the server's configuration, and has to go to those of the client's startup

    /** A RESET, SET to DEFAULT or DISCARD is being sent. */
    void resetSent(Set<String> names) {
        if (startup.isEmpty()) {
            return;
        }
        resetSent = true;
        if (names.isEmpty()) {
            return;
        }
        Set<String> all = new TreeSet<>(names.contains("all") ? startup.values().keySet() : names);
        all.retainAll(startup.values().keySet());
        all.addAll(reset);
        reset = all;
    }

    /** A unit has been answered. */
    void answered(boolean moreRuns) {
        resetSent &= moreRuns;
        unlearned |= touched;
    }

    /** Whether the client has the startup setting {@code name}, and what is being reported may be a RESET of it. */
    boolean mayHaveBeenReset(String name) {
        return resetSent && startup.get(name.toLowerCase(Locale.ROOT)) != null;
    }

    /** Whether startup settings are being reset. */
    boolean isResetUnderWay() {
        return !reset.isEmpty();
    }

    /** Whether {@code name} is one of those. */
    boolean isReset(String name) {
        return reset.contains(name.toLowerCase(Locale.ROOT));
    }

    /** What the client has asked for at its login. */
    SessionSettings startup() {
        return startup;
    }

    /** The client's own application_name, which is told to nobody else; null if it has none. */
    @Nullable
    String startup(String name) {
        return startup.get(name);
    }

    /** Takes the startup settings that are to be set again; empty: none. */
    Map<String, String> takeReset() {
        if (reset.isEmpty()) {
            return Map.of();
        }
        Map<String, String> values = new TreeMap<>();
        for (String name : reset) {
            values.put(name, String.valueOf(startup.get(name)));
        }
        reset = Set.of();
        return values;
    }
}
