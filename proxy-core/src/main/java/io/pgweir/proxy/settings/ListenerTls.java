package io.pgweir.proxy.settings;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS to clients.
 *
 * @param mode who may or must use it
 * @param certificate PEM file with our certificate and those between it and the root; null only if there is no TLS
 * @param key PEM file with its key; null only if there is no TLS
 * @param clientRoots PEM file with the roots that clients' certificates must lead to, where clients send any; null: they are not
 *     asked for them
 */
public record ListenerTls(
        ClientTlsMode mode,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable Path clientRoots) {

    /** No TLS. */
    public static final ListenerTls OFF = new ListenerTls(ClientTlsMode.DISABLE, null, null, null);
}
