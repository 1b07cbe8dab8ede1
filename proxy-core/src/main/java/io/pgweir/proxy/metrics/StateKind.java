package io.pgweir.proxy.metrics;

import java.util.Locale;

/** The kinds of state that a PostgreSQL session has and another one has not. */
public enum StateKind {
    /** Run-time parameters; a reason to keep a backend only where they cannot be replayed. */
    SETTING("settings"),
    TEMPORARY_OBJECT("temporary objects"),
    ADVISORY_LOCK("advisory locks"),
    HOLDABLE_CURSOR("cursors WITH HOLD"),
    PREPARED_STATEMENT("SQL-level prepared statements"),
    LISTEN("LISTEN"),
    /** LOAD. */
    LIBRARY("loaded libraries"),
    /** What currval and lastval say. */
    SEQUENCE("the values of currval and lastval");

    private final String description;

    StateKind(String description) {
        this.description = description;
    }

    /** As labels of metrics have it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** As messages have it. */
    public String description() {
        return description;
    }
}
