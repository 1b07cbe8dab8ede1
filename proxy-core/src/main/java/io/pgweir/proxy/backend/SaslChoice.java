package io.pgweir.proxy.backend;

import io.netty.handler.ssl.SslHandler;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.auth.ScramServer;
import io.pgweir.proxy.settings.ChannelBinding;
import io.pgweir.proxy.tls.EndPointHash;
import io.pgweir.proxy.tls.Handshakes;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to prove the password to a server that offers some SASL mechanisms, as libpq chooses.
 *
 * @param client makes our half of the exchange; null: there is no way
 * @param problem why there is no way, to stand behind the server's name; null if there is one
 */
record SaslChoice(@Nullable ScramClient client, @Nullable String problem) {
    static SaslChoice of(List<String> offered, ChannelBinding wanted, @Nullable SslHandler tls) {
        boolean plus = offered.contains(ScramServer.MECHANISM_PLUS);
        if (plus && tls == null) {
            return refused("offers SCRAM-SHA-256-PLUS on a connection without TLS, where it is impossible");
        }
        byte[] hash = tls == null ? null : hash(tls);
        if (plus && hash != null && wanted != ChannelBinding.DISABLE) {
            return new SaslChoice(ScramClient.boundTo(hash), null);
        }
        if (wanted == ChannelBinding.REQUIRE) {
            return refused(unbound(tls == null, plus));
        }
        if (!offered.contains(ScramServer.MECHANISM)) {
            return refused("offers no authentication method that pgweir knows");
        }
        // To say that we could have, and it has not offered: whoever has taken the offer out of the list is found out.
        boolean missed = tls != null && !plus && wanted != ChannelBinding.DISABLE;
        return new SaslChoice(missed ? ScramClient.unoffered() : new ScramClient(), null);
    }

    /** Why a login cannot be bound though it must be. */
    static String unbound(boolean withoutTls, boolean offered) {
        if (withoutTls) {
            return "is connected to without TLS, and channel_binding is require: use sslmode=require or stricter";
        }
        return (offered
                        ? "has a certificate whose signature no channel binding is defined for"
                        : "does not offer SCRAM-SHA-256-PLUS")
                + ", and channel_binding is require: use a password stored as scram-sha-256, or channel_binding=prefer";
    }

    private static byte @Nullable [] hash(SslHandler tls) {
        X509Certificate certificate = Handshakes.peerCertificate(tls);
        return certificate == null ? null : EndPointHash.of(certificate);
    }

    private static SaslChoice refused(String problem) {
        return new SaslChoice(null, problem);
    }
}
