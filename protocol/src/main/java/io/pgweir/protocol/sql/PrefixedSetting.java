package io.pgweir.protocol.sql;

import org.jspecify.annotations.Nullable;

/**
 * A SET, RESET or SHOW of a setting whose name begins with a certain prefix.
 *
 * @param kind what is done with it
 * @param name the name behind the prefix, in lower case
 * @param value the text that SET gives; null for DEFAULT, and where there is no value
 */
public record PrefixedSetting(
        Kind kind, String name, @Nullable String value) {
    public enum Kind {
        SET,
        SET_LOCAL,
        RESET,
        SHOW,
        /** It begins like one of the others and goes on like none of them. */
        MALFORMED,
        /** One of the others among further statements. */
        NOT_ALONE
    }
}
