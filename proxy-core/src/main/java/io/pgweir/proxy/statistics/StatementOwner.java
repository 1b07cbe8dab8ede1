package io.pgweir.proxy.statistics;

import org.jspecify.annotations.Nullable;

/**
 * Whose statements they are, for one event loop: {@link StatementTable#owner}.
 *
 * @param pool what tells pools apart; its text is the pool's name
 * @param label what the client calls itself, or null
 * @param seed of hashes of texts, so that those of two owners differ
 */
public record StatementOwner(Object pool, @Nullable String label, long seed) {}
