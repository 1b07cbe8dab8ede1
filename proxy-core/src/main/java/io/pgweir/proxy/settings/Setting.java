package io.pgweir.proxy.settings;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One row of the settings table. Everything else that names a setting (flag, environment variable, YAML key, URL
 * parameter, help, reference page) is derived from it.
 *
 * @param name the YAML key, in snake case
 * @param group the heading it stands under in help and reference
 * @param scope what it applies to
 * @param type what its text may be
 * @param defaultText the text that is used when nobody says anything; null: none
 * @param urlAliases further URL parameters that mean the same
 * @param hidden not shown in help, reference and example
 * @param change when another value counts in a running process
 * @param description one sentence without the default and the bounds
 * @param <T> the value's type
 */
public record Setting<T>(
        String name,
        Group group,
        Scope scope,
        ValueType<T> type,
        @Nullable String defaultText,
        List<String> urlAliases,
        boolean hidden,
        Change change,
        String description) {

    /** What a setting applies to. */
    public enum Scope {
        /** The whole process. */
        GLOBAL,
        /** One pool; a database of the file and a database URL may have their own value. */
        POOL,
        /** As {@link #POOL}, with exceptions for users and applications, and clients may ask for less. */
        CLIENT;

        /** Whether a database of the file and a database URL may have their own value. */
        public boolean isOfPools() {
            return this != GLOBAL;
        }
    }

    /** When another value counts, after the configuration has been read again. */
    public enum Change {
        /** For what begins from then on, whoever it is for. */
        AT_ONCE("yes", "in force now"),
        NEW_CLIENTS("new clients", "in force for clients that log in from now on"),
        NEW_BACKENDS("new backends", "in force for backends that are opened from now on"),
        /** For new backends, and those that are open make room for them. */
        REPLACES("replaces backends", "in force for new backends; open ones are replaced as they come free"),
        /** Not before the process is started anew. */
        RESTART("restart", "needs a restart; until then it stays as it was");

        private final String word;
        private final String effect;

        Change(String word, String effect) {
            this.word = word;
            this.effect = effect;
        }

        /** As tables show it. */
        public String word() {
            return word;
        }

        /** What becomes of another value, as people read it. */
        public String effect() {
            return effect;
        }
    }

    /** The headings of help and reference, in their order. */
    public enum Group {
        DATABASE("Database"),
        TLS_SERVERS("TLS to the database"),
        LISTENERS("Where pgweir listens"),
        TLS_CLIENTS("TLS to clients"),
        CLIENTS("Clients"),
        AUTHENTICATION("Who may come in"),
        POOL("Pools"),
        STATE("State of sessions"),
        LIMITS("Time limits"),
        FAILURES("When the server fails"),
        ERRORS("Error codes"),
        STATEMENTS("Statistics of statements"),
        PROCESS("Process");

        private final String title;

        Group(String title) {
            this.title = title;
        }

        /** The heading as people read it. */
        public String title() {
            return title;
        }
    }

    public Setting {
        urlAliases = List.copyOf(urlAliases);
    }

    /** A row whose changes count at once. */
    Setting(
            String name,
            Group group,
            Scope scope,
            ValueType<T> type,
            @Nullable String defaultText,
            List<String> urlAliases,
            boolean hidden,
            String description) {
        this(name, group, scope, type, defaultText, urlAliases, hidden, Change.AT_ONCE, description);
    }

    /** The long flag, for example {@code --pool-timeout}. */
    public String flag() {
        return "--" + name.replace('_', '-');
    }

    /** The environment variable, for example {@code PGWEIR_POOL_TIMEOUT}. */
    public String environment() {
        return "PGWEIR_" + name.toUpperCase(Locale.ROOT);
    }

    /** Whether the configuration file may have this key: all but the file's own path. */
    public boolean inFile() {
        return !equals(Settings.CONFIG);
    }

    /** The value of the default; only for settings that have one. */
    public T defaultValue() {
        try {
            return type.parse(Objects.requireNonNull(defaultText, name));
        } catch (BadValue e) {
            throw new IllegalStateException("the default of " + name + ": " + e.getMessage(), e);
        }
    }

    /** The default as the reference shows it. */
    public String defaultLabel() {
        return defaultText == null ? "none" : defaultText;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }
}
