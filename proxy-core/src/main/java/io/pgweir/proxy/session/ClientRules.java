package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.StartupPacket;
import io.pgweir.proxy.auth.Admission;
import io.pgweir.proxy.hba.ClientCertificate;
import io.pgweir.proxy.hba.HbaMethod;
import io.pgweir.proxy.settings.ProxyConfig;
import java.net.InetAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** What the rules have for one client, by its address, user, database and encryption. On the client's loop. */
final class ClientRules {
    private final ClientEncryption encryption;
    private final StartupPacket.Startup startup;
    private final InetAddress address;

    ClientRules(ClientEncryption encryption, StartupPacket.Startup startup, InetAddress address) {
        this.encryption = encryption;
        this.startup = startup;
        this.address = address;
    }

    /** What it must do to come in; null: no rule is for it. */
    @Nullable
    Admission admission(ProxyConfig config) {
        return Admission.of(config, encryption.isOn(), startup.database(), startup.user(), address);
    }

    /** Why it cannot come in, whatever it knows; null: it may. */
    @Nullable
    ErrorFields refusal(@Nullable Admission admission) {
        if (admission == null) {
            return refusal(LoginError.NO_HBA_ENTRY);
        }
        return admission.method() == HbaMethod.REJECT
                ? refusal(LoginError.HBA_REJECTED)
                : certificateProblem(admission);
    }

    private ErrorFields refusal(LoginError error) {
        return error.with(
                address.getHostAddress(),
                startup.user(),
                startup.database(),
                encryption.isOn() ? "SSL encryption" : "no encryption");
    }

    private @Nullable ErrorFields certificateProblem(Admission admission) {
        boolean byName =
                admission.method() == HbaMethod.CERT || admission.certificate() == ClientCertificate.VERIFY_FULL;
        if (!byName && admission.certificate() == ClientCertificate.NONE) {
            return null;
        }
        X509Certificate certificate = encryption.certificate();
        if (certificate == null || !isInTime(certificate)) {
            return admission.certificate() == ClientCertificate.NONE
                    ? LoginError.CERTIFICATE_FAILED.with(startup.user())
                    : LoginError.CERTIFICATE_REQUIRED.with();
        }
        boolean wrongName = byName && !startup.user().equals(CertificateName.of(certificate));
        return wrongName ? LoginError.CERTIFICATE_FAILED.with(startup.user()) : null;
    }

    /** Of a session that is resumed TLS does not look again. */
    private static boolean isInTime(X509Certificate certificate) {
        try {
            certificate.checkValidity();
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }
}
