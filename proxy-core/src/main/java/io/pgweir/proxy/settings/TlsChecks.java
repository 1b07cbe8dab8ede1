package io.pgweir.proxy.settings;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Puts the values about TLS together, and finds what is wrong between them and with the files they name. */
final class TlsChecks {
    private final Values values;
    private final Problems problems;

    TlsChecks(Values values, Problems problems) {
        this.values = values;
        this.problems = problems;
    }

    // ---- to clients

    ListenerTls listener() {
        Path certificate = file(TlsSettings.TLS_CERT);
        Path key = file(TlsSettings.TLS_KEY);
        Path roots = file(TlsSettings.TLS_CA);
        ClientTlsMode given = values.find(TlsSettings.TLS);
        ClientTlsMode mode = given != null ? given : certificate == null ? ClientTlsMode.DISABLE : ClientTlsMode.PREFER;
        if ((certificate == null) != (key == null)) {
            Setting<String> one = certificate != null ? TlsSettings.TLS_CERT : TlsSettings.TLS_KEY;
            Setting<String> other = certificate != null ? TlsSettings.TLS_KEY : TlsSettings.TLS_CERT;
            problems.add(values.where(one), one.name() + " needs " + other.name() + ": name both files");
        } else if (mode.isOn() && certificate == null) {
            problems.add(
                    values.where(TlsSettings.TLS),
                    "tls " + mode.text() + " needs a certificate: name tls_cert and tls_key");
        }
        if (mode.verifiesClients() && roots == null) {
            problems.add(
                    values.where(TlsSettings.TLS),
                    "tls " + mode.text() + " verifies clients' certificates: name the file with their roots as tls_ca");
        } else if (!mode.verifiesClients() && roots != null && !isHbaGiven()) {
            problems.note(
                    values.where(TlsSettings.TLS_CA),
                    "tls_ca has no effect with tls " + mode.text() + ": only verify-ca, verify-full and auth_hba_file"
                            + " look at certificates of clients");
        }
        boolean byCertificate = !isHbaGiven() && values.get(Settings.CLIENT_AUTH) == ClientAuth.CERT;
        if (byCertificate && !mode.verifiesClients()) {
            problems.add(
                    values.where(Settings.CLIENT_AUTH),
                    "client_auth cert needs verified certificates: set tls to verify-full, and name tls_cert, tls_key and"
                            + " tls_ca");
        }
        boolean looks = mode.verifiesClients() || (mode.isOn() && isHbaGiven());
        return new ListenerTls(mode, certificate, key, looks ? roots : null);
    }

    private boolean isHbaGiven() {
        return values.find(AuthSettings.AUTH_HBA_FILE) != null;
    }

    // ---- to servers

    ServerTls server() {
        boolean system = TlsSettings.SYSTEM.equals(values.find(TlsSettings.SSLROOTCERT));
        Path roots = system ? null : file(TlsSettings.SSLROOTCERT);
        SslMode mode = mode(system);
        boolean baseless = mode.compareTo(SslMode.VERIFY_CA) >= 0 && roots == null && !system;
        if (baseless) {
            problems.add(
                    values.where(TlsSettings.SSLMODE),
                    "sslmode " + mode.text() + " needs roots to verify against: name a file as sslrootcert, or write"
                            + " sslrootcert=system for those that the Java runtime trusts");
        }
        SslNegotiation negotiation = values.get(TlsSettings.SSLNEGOTIATION);
        if (negotiation == SslNegotiation.DIRECT && !mode.needsTls()) {
            problems.add(
                    values.where(TlsSettings.SSLNEGOTIATION),
                    "sslnegotiation direct needs an sslmode from require on, and it is " + mode.text());
        }
        ChannelBinding binding = values.get(TlsSettings.CHANNEL_BINDING);
        if (binding == ChannelBinding.REQUIRE && mode == SslMode.DISABLE) {
            problems.add(
                    values.where(TlsSettings.CHANNEL_BINDING),
                    "channel_binding require needs TLS, and sslmode is disable: raise sslmode");
        }
        Path certificate = file(TlsSettings.SSLCERT);
        Path key = file(TlsSettings.SSLKEY);
        boolean holdsKey = certificate != null && PrismaTls.isPkcs12(certificate.toString());
        if (certificate != null && key == null && !holdsKey) {
            problems.add(
                    values.where(TlsSettings.SSLCERT),
                    "sslcert needs sslkey: it is pgweir's own certificate, as in libpq; a certificate to trust is"
                            + " sslrootcert");
        } else if (key != null && (certificate == null || holdsKey)) {
            problems.add(values.where(TlsSettings.SSLKEY), "sslkey needs sslcert, the certificate that it belongs to");
        }
        String password = values.find(TlsSettings.SSLPASSWORD);
        if (baseless) {
            return ServerTls.OFF; // never in use: there is a problem
        }
        return new ServerTls(
                mode,
                negotiation,
                binding,
                roots,
                system,
                certificate,
                key,
                password == null ? null : new Secret(password),
                values.get(TlsSettings.SSLSNI));
    }

    /** As libpq has it, nothing weaker goes with the system's roots: anybody can get a certificate of those. */
    private SslMode mode(boolean system) {
        SslMode given = values.find(TlsSettings.SSLMODE);
        if (!system) {
            return given == null ? values.get(TlsSettings.SSLMODE) : given;
        }
        if (given != null && given != SslMode.VERIFY_FULL) {
            problems.add(
                    values.where(TlsSettings.SSLMODE),
                    "sslmode " + given.text() + " is too weak for sslrootcert=system: write verify-full");
        }
        return SslMode.VERIFY_FULL;
    }

    /** The file that a setting names, if it can be read. */
    private @Nullable Path file(Setting<String> setting) {
        String named = values.find(setting);
        if (named == null) {
            return null;
        }
        Path path = Path.of(named);
        try {
            SecretFiles.readBytes(path);
        } catch (BadValue e) {
            problems.add(values.where(setting), String.valueOf(e.getMessage()));
        }
        return path;
    }
}
