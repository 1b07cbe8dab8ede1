package io.pgweir.protocol.sql;

/** What DISCARD discards. */
public enum DiscardTarget {
    ALL,
    PLANS,
    SEQUENCES,
    TEMP
}
