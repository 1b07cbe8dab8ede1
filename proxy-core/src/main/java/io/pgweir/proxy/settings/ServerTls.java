package io.pgweir.proxy.settings;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS to the servers of one database.
 *
 * @param mode when it is used, and what is verified
 * @param negotiation how it begins
 * @param channelBinding whether logins are bound to the server's certificate
 * @param roots PEM file with the roots that the server's certificate must lead to; null: none is named
 * @param systemRoots whether it must lead to a root that the Java runtime trusts
 * @param certificate our own certificate for the server, PEM, or PKCS #12 with its key; null: none
 * @param key the key of {@code certificate}; null with PKCS #12
 * @param keyPassword opens the key
 * @param sendsName whether the server is told the name that it is connected to by (SNI)
 */
public record ServerTls(
        SslMode mode,
        SslNegotiation negotiation,
        ChannelBinding channelBinding,
        @Nullable Path roots,
        boolean systemRoots,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable Secret keyPassword,
        boolean sendsName) {
    public ServerTls {
        if ((mode == SslMode.VERIFY_CA || mode == SslMode.VERIFY_FULL) && roots == null && !systemRoots) {
            throw new IllegalArgumentException("sslmode " + mode.text() + " without roots would verify nothing");
        }
    }

    /** No TLS. */
    public static final ServerTls OFF = new ServerTls(
            SslMode.DISABLE, SslNegotiation.POSTGRES, ChannelBinding.PREFER, null, false, null, null, null, true);

    /** The default: TLS if the server has it. */
    public static final ServerTls PREFERRED = new ServerTls(
            SslMode.PREFER, SslNegotiation.POSTGRES, ChannelBinding.PREFER, null, false, null, null, null, true);

    /** Whether the server's certificate is verified. As in libpq that is so whenever there are roots. */
    public boolean verifies() {
        return mode != SslMode.NO_VERIFY && (roots != null || systemRoots);
    }
}
