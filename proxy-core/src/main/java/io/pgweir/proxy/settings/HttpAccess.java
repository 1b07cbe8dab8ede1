package io.pgweir.proxy.settings;

import org.jspecify.annotations.Nullable;

/**
 * Who may read the pages over HTTP.
 *
 * @param token what must be shown for all but the two pages that probes ask for; null: nothing
 * @param open without a token: whether everybody who reaches the address may read everything
 */
public record HttpAccess(@Nullable Secret token, boolean open) {
    /** Nothing is said: the pages are for this machine. */
    public static final HttpAccess LOCAL = new HttpAccess(null, false);
}
