package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.Choice;
import io.pgweir.proxy.settings.ValueType.FileName;
import io.pgweir.proxy.settings.ValueType.Switch;
import io.pgweir.proxy.settings.ValueType.Text;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the {@link Settings} table that is about TLS. */
final class TlsSettings {
    /** What {@code sslrootcert} says for the roots that the Java runtime trusts. */
    static final String SYSTEM = "system";

    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<ClientTlsMode> TLS = add(
            Group.TLS_CLIENTS,
            "tls",
            new Choice<>(ClientTlsMode.class),
            null,
            "who may or must use TLS; if not given: prefer with tls_cert, else disable");
    static final Setting<String> TLS_CERT = add(
            Group.TLS_CLIENTS,
            "tls_cert",
            new FileName(),
            null,
            "PEM file with pgweir's certificate and those between it and the root");
    static final Setting<String> TLS_KEY = add(
            Group.TLS_CLIENTS, "tls_key", new FileName(), null, "PEM file with its private key, without a password");
    static final Setting<String> TLS_CA = add(
            Group.TLS_CLIENTS,
            "tls_ca",
            new FileName(),
            null,
            "PEM file with the roots of clients' certificates, for verify-ca and verify-full");
    static final Setting<TlsProviderChoice> TLS_PROVIDER = add(
            Group.PROCESS,
            "tls_provider",
            new Choice<>(TlsProviderChoice.class),
            "auto",
            "whose TLS is used: BoringSSL where it can be loaded (auto), or the JDK's");

    static final Setting<SslMode> SSLMODE = add(
            Group.TLS_SERVERS,
            "sslmode",
            new Choice<>(SslMode.class),
            "prefer",
            "when TLS is used and what is verified, as in libpq; no-verify: TLS, and nothing is");
    static final Setting<String> SSLROOTCERT = add(
            Group.TLS_SERVERS,
            "sslrootcert",
            new FileName("FILE|" + SYSTEM, SYSTEM),
            null,
            "PEM file with the roots of the server's certificate, or those that the Java runtime trusts");
    static final Setting<String> SSLCERT = add(
            Group.TLS_SERVERS,
            "sslcert",
            new FileName(),
            null,
            "pgweir's own certificate for the server: PEM, or PKCS #12 (.p12, .pfx) with its key");
    static final Setting<String> SSLKEY =
            add(Group.TLS_SERVERS, "sslkey", new FileName(), null, "PEM file with the private key of sslcert");
    static final Setting<String> SSLPASSWORD = add(
            Group.TLS_SERVERS,
            "sslpassword",
            new Text("TEXT", true),
            null,
            "password of sslkey, or of the PKCS #12 file");
    static final Setting<Boolean> SSLSNI = add(
            Group.TLS_SERVERS,
            "sslsni",
            new Switch(),
            "true",
            "the server is told the name it is connected to by (Server Name Indication)");
    static final Setting<SslNegotiation> SSLNEGOTIATION = add(
            Group.TLS_SERVERS,
            "sslnegotiation",
            new Choice<>(SslNegotiation.class),
            "postgres",
            "TLS begins after a question, or at once (direct; PostgreSQL 17, and an sslmode from require on)");
    static final Setting<ChannelBinding> CHANNEL_BINDING = add(
            Group.TLS_SERVERS,
            "channel_binding",
            new Choice<>(ChannelBinding.class),
            "prefer",
            "logins by SCRAM are bound to the server's certificate");

    private TlsSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    private static <T> Setting<T> add(
            Group group, String name, ValueType<T> type, @Nullable String defaultText, String description) {
        Scope scope = group == Group.TLS_SERVERS ? Scope.POOL : Scope.GLOBAL;
        Change change = switch (group) {
            case TLS_SERVERS -> Change.REPLACES;
            case TLS_CLIENTS -> Change.NEW_CLIENTS;
            default -> Change.RESTART;
        };
        Setting<T> setting =
                new Setting<>(name, group, scope, type, defaultText, List.of(), false, change, description);
        ROWS.add(setting);
        return setting;
    }
}
