package io.pgweir.proxy.insight;

import org.jspecify.annotations.Nullable;

/**
 * A statement as it may be shown: without values.
 *
 * @param fingerprint equal for statements of the same form; 0 if there is no statement
 * @param text shortened, on one line; empty if there is no statement
 * @param tag what its comment says of its origin
 */
public record StatementView(
        long fingerprint, String text, @Nullable String tag) {
    public static final StatementView NONE = new StatementView(0, "", null);
}
