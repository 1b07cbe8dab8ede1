package io.pgweir.proxy.statistics;

import org.jspecify.annotations.Nullable;

/**
 * What statements have in common that differ in their values.
 *
 * @param pool what tells pools apart; its text is the pool's name
 * @param fingerprint of the text, 64 bits
 * @param text without values and comments, shortened, on one line
 * @param tag what the comment says of the origin, or null
 */
record StatementForm(
        Object pool,
        long fingerprint,
        String text,
        @Nullable String tag) {
    /** The same in another pool. */
    StatementForm of(Object otherPool) {
        return pool.equals(otherPool) ? this : new StatementForm(otherPool, fingerprint, text, tag);
    }

    /** Of what is not told apart. */
    static StatementForm rest(String name) {
        return new StatementForm("", 0, name, null);
    }
}
