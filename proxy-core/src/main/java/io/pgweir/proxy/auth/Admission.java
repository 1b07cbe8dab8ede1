package io.pgweir.proxy.auth;

import io.pgweir.proxy.hba.ClientCertificate;
import io.pgweir.proxy.hba.HbaMethod;
import io.pgweir.proxy.hba.HbaRule;
import io.pgweir.proxy.hba.HbaRules;
import io.pgweir.proxy.settings.AccessSettings;
import io.pgweir.proxy.settings.ProxyConfig;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client must do to come in.
 *
 * @param method how it proves who it is
 * @param certificate what its certificate must be besides
 */
public record Admission(HbaMethod method, ClientCertificate certificate) {
    /** By the rules of {@code auth_hba_file}, or client_auth; null: no rule is for this client. */
    public static @Nullable Admission of(
            ProxyConfig config, boolean encrypted, String database, String user, InetAddress from) {
        HbaRules rules = config.access().hba();
        if (rules == null) {
            return new Admission(general(config), ClientCertificate.NONE);
        }
        // The console has two names, and who may not come in by one of them must not by the other.
        List<String> names = AccessSettings.CONSOLE.contains(database) ? AccessSettings.CONSOLE : List.of(database);
        HbaRule rule = rules.match(encrypted, names, user, from);
        return rule == null ? null : new Admission(rule.method(), rule.certificate());
    }

    private static HbaMethod general(ProxyConfig config) {
        return switch (config.clientAuth()) {
            case SCRAM -> HbaMethod.SCRAM_SHA_256;
            case TRUST -> HbaMethod.TRUST;
            case MD5 -> HbaMethod.MD5;
            case PASSWORD -> HbaMethod.PASSWORD;
            case CERT -> HbaMethod.CERT;
        };
    }

    /** Whether a password is asked for, which may be guessed. */
    public boolean byPassword() {
        return switch (method) {
            case SCRAM_SHA_256, MD5, PASSWORD -> true;
            case REJECT, TRUST, CERT -> false;
        };
    }
}
