package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.TestCertificates.Issued;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** TLS to PostgreSQL, by BoringSSL and by the JDK: each sslmode, and what a server must prove. */
class BackendTlsTest {
    private static final String OVER_TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

    @TempDir
    static Path directory;

    private static TestCertificates certificates;
    private static TestCertificates others;
    private static Issued first;
    private static Issued shown;
    private static OwnPostgres postgres;

    @BeforeAll
    static void start() throws IOException {
        certificates = TestCertificates.in(directory);
        others = TestCertificates.in(Files.createDirectory(directory.resolve("others")));
        first = certificates.server();
        Path certificate = directory.resolve("live.crt");
        Path key = directory.resolve("live.key");
        TestCertificates.replace(certificate, first.certificate());
        TestCertificates.replace(key, first.key());
        shown = new Issued(certificate, key, first.bundle());
        Path hba = directory.resolve("pg_hba.conf");
        Files.writeString(hba, """
                hostssl   all tls_only   all trust
                hostnossl all plain_only all trust
                hostssl   all by_cert    all cert
                host      all by_scram   all scram-sha-256
                host      all postgres   all trust
                """);
        postgres = OwnPostgres.startWith(
                40,
                Map.of(
                        "ssl", "on",
                        "ssl_cert_file", certificate.toString(),
                        "ssl_key_file", key.toString(),
                        "ssl_ca_file", certificates.roots().toString(),
                        "hba_file", hba.toString()));
        try (WireClient session = postgres.connect()) {
            session.query("CREATE ROLE tls_only LOGIN; CREATE ROLE plain_only LOGIN; CREATE ROLE by_cert LOGIN;"
                    + "CREATE ROLE by_scram LOGIN PASSWORD 'sesame'");
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    private static RunningProxy proxy(TlsProviderChoice provider, String... settings) {
        return proxy(provider, "127.0.0.1", postgres.port(), settings);
    }

    private static RunningProxy proxy(TlsProviderChoice provider, String host, int port, String... settings) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("tls_provider", provider.name());
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        List<String> pairs = new ArrayList<>();
        all.forEach((name, value) -> pairs.addAll(List.of(name, value)));
        return RunningProxy.at(
                "postgresql://by_scram:sesame@" + host + ":" + port + "/*", pairs.toArray(String[]::new));
    }

    private static WireClient login(RunningProxy proxy, String user) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", user, null);
    }

    /** Whether the backend of a client of this user has TLS, or what the client is told instead. */
    private static @Nullable String outcome(RunningProxy proxy, String user) throws IOException {
        try (WireClient client = login(proxy, user)) {
            String answer = client.query(OVER_TLS);
            return answer.contains("D[t]") ? "TLS" : answer.contains("D[f]") ? "plain" : answer;
        } catch (io.pgweir.proxy.testkit.LoginRefused refused) {
            return refused.getMessage();
        }
    }

    /** Its cancel requests are protected as it is, whatever new connections are protected with. */
    @ParameterizedTest
    @EnumSource(TlsProviderChoice.class)
    void aBackendThatOutlivesItsConfigurationCanBeCancelled(TlsProviderChoice provider) throws Exception {
        Path file = directory.resolve("outlived-" + provider + ".yaml");
        String lines = "statement_timeout: 300ms\ndatabases:\n  app: {host: 127.0.0.1, port: " + postgres.port()
                + ", dbname: postgres, sslmode: MODE}\n";
        Files.writeString(file, lines.replace("MODE", "require"));
        try (RunningProxy proxy = RunningProxy.with(file, "tls_provider", provider.name());
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "app", "tls_only", null)) {
            assertThat(client.query("begin")).endsWith("Z[T]");
            assertThat(client.query(OVER_TLS)).contains("D[t]");
            for (String mode : List.of("prefer", "allow", "disable")) {
                Files.writeString(file, lines.replace("MODE", mode));
                assertThat(proxy.proxy()
                                .reload("a test")
                                .get(20, java.util.concurrent.TimeUnit.SECONDS)
                                .changes())
                        .hasSize(1);
            }
            long begin = System.nanoTime();
            assertThat(client.query("select pg_sleep(20)")).contains("E[57014").endsWith("Z[E]");
            assertThat((System.nanoTime() - begin) / 1_000_000).isLessThan(2_000); // 2 s more if it cannot
        }
    }

    @ParameterizedTest
    @CsvSource({
        "AUTO, disable,   plain, no encryption, plain",
        "AUTO, allow,     plain, TLS, plain",
        "AUTO, prefer,    TLS, TLS, plain",
        "AUTO, no-verify, TLS, TLS, SSL encryption",
        "AUTO, require,   TLS, TLS, SSL encryption",
        "JDK,  prefer,    TLS, TLS, plain",
        "JDK,  require,   TLS, TLS, SSL encryption",
    })
    void eachModeWithoutRoots(TlsProviderChoice provider, String mode, String usual, String tlsOnly, String plainOnly)
            throws Exception {
        try (RunningProxy proxy = proxy(provider, "sslmode", mode)) {
            assertThat(outcome(proxy, "postgres")).isEqualTo(usual);
            assertThat(outcome(proxy, "tls_only")).contains(tlsOnly);
            assertThat(outcome(proxy, "plain_only")).contains(plainOnly);
        }
    }

    /** As a rule of pg_hba.conf it would be a reason to try in plain text. */
    @Test
    void whatPgweirRefusesIsNotTriedWithLessProtection() throws Exception {
        try (RunningProxy proxy =
                RunningProxy.at("postgresql://127.0.0.1:" + postgres.port() + "/*", "sslmode", "prefer")) {
            assertThat(outcome(proxy, "by_scram"))
                    .contains("none is configured")
                    .doesNotContain("with TLS: ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatVerifiesIsUsed(TlsProviderChoice provider) throws Exception {
        String roots = certificates.roots().toString();
        for (String mode : List.of("require", "verify-ca", "verify-full")) {
            for (String host : List.of("127.0.0.1", "localhost")) {
                try (RunningProxy proxy =
                        proxy(provider, host, postgres.port(), "sslmode", mode, "sslrootcert", roots)) {
                    assertThat(outcome(proxy, "postgres")).as(mode + " " + host).isEqualTo("TLS");
                }
            }
        }
    }

    /** With roots a certificate is verified in each mode but one, as libpq does it. */
    @ParameterizedTest
    @EnumSource
    void aCertificateOfAnotherRootIsTold(TlsProviderChoice provider) throws Exception {
        String wrong = others.roots().toString();
        for (String mode : List.of("require", "verify-ca", "verify-full")) {
            try (RunningProxy proxy = proxy(provider, "sslmode", mode, "sslrootcert", wrong)) {
                assertThat(outcome(proxy, "postgres"))
                        .as(mode)
                        .contains("E[57P03")
                        .contains("TLS with 127.0.0.1:" + postgres.port()
                                + " failed: its certificate is not signed by a root" + " of sslrootcert");
                assertThat(proxy.proxy().pools().breakers().all())
                        .allSatisfy(breaker -> assertThat(breaker.isDown()).isFalse());
            }
        }
        try (RunningProxy proxy = proxy(provider, "sslmode", "no-verify", "sslrootcert", wrong)) {
            assertThat(outcome(proxy, "postgres")).isEqualTo("TLS");
        }
        try (RunningProxy proxy = proxy(provider, "sslmode", "prefer", "sslrootcert", wrong)) {
            assertThat(outcome(proxy, "postgres")).isEqualTo("plain");
            assertThat(outcome(proxy, "tls_only")).contains("no encryption").contains("with TLS: ");
        }
        try (RunningProxy proxy = proxy(provider, "sslrootcert", "system", "sslmode", "verify-full")) {
            assertThat(outcome(proxy, "postgres")).contains("is not signed by a root of the Java runtime");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCertificateForAnotherHostOrOutOfTimeIsTold(TlsProviderChoice provider) throws Exception {
        String roots = certificates.roots().toString();
        try {
            show(certificates.serverNamed("db.example.com"));
            try (RunningProxy proxy = proxy(provider, "sslmode", "verify-full", "sslrootcert", roots)) {
                assertThat(outcome(proxy, "postgres")).contains("is for \"db.example.com\" and not for \"127.0.0.1\"");
            }
            try (RunningProxy proxy = proxy(provider, "sslmode", "verify-ca", "sslrootcert", roots)) {
                assertThat(outcome(proxy, "postgres")).isEqualTo("TLS");
            }
            show(certificates.expiredServer());
            try (RunningProxy proxy = proxy(provider, "sslmode", "verify-ca", "sslrootcert", roots)) {
                assertThat(outcome(proxy, "postgres")).contains("has expired");
                show(first); // as soon as it is renewed, pgweir goes on by itself
                await().until(() -> "TLS".equals(outcome(proxy, "postgres")));
            }
        } finally {
            show(first);
        }
    }

    /** Has the server use this certificate from now on. */
    private static void show(Issued next) throws IOException {
        TestCertificates.replace(shown.certificate(), next.certificate());
        TestCertificates.replace(shown.key(), next.key());
        try (WireClient session = postgres.connect()) {
            session.query("SELECT pg_reload_conf()");
        }
        SSLContext trusting = TestCertificates.context(next.certificate(), null);
        await().ignoreExceptions().until(() -> {
            try (WireClient probe = WireClient.connectTls(postgres.host(), postgres.port(), trusting)) {
                return ((SSLSocket) probe.socket())
                        .getSession()
                        .getPeerCertificates()[0]
                        .equals(next.bundle().getCertificate());
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aLoginIsBoundToTheCertificate(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider, "sslmode", "require", "channel_binding", "require")) {
            assertThat(outcome(proxy, "by_scram")).isEqualTo("TLS");
            assertThat(outcome(proxy, "postgres")).contains("without channel binding"); // trust
        }
        try (RunningProxy proxy = proxy(provider, "sslmode", "allow", "channel_binding", "require")) {
            assertThat(outcome(proxy, "by_scram")).contains("without TLS, and channel_binding is require");
        }
        try (RunningProxy proxy = proxy(provider, "sslmode", "require", "channel_binding", "disable")) {
            assertThat(outcome(proxy, "by_scram")).isEqualTo("TLS");
        }
    }

    @ParameterizedTest
    @EnumSource
    void pgweirShowsACertificateOfItsOwn(TlsProviderChoice provider) throws Exception {
        Issued own = certificates.client("by_cert");
        String certificate = own.certificate().toString();
        try (RunningProxy proxy = proxy(
                provider,
                "sslmode",
                "require",
                "sslcert",
                certificate,
                "sslkey",
                own.key().toString())) {
            assertThat(outcome(proxy, "by_cert")).isEqualTo("TLS");
        }
        Path old = directory.resolve("sec1-" + provider + ".key");
        Files.writeString(old, sec1(own.bundle().getKeyPair().getPrivate().getEncoded()));
        try (RunningProxy proxy =
                proxy(provider, "sslmode", "require", "sslcert", certificate, "sslkey", old.toString())) {
            assertThat(outcome(proxy, "by_cert")).isEqualTo("TLS");
        }
        Path store = directory.resolve(provider + ".p12");
        try (OutputStream out = Files.newOutputStream(store)) {
            own.bundle().toKeyStore("PKCS12", "pw".toCharArray()).store(out, "pw".toCharArray());
        }
        try (RunningProxy proxy =
                proxy(provider, "sslmode", "require", "sslcert", store.toString(), "sslpassword", "pw")) {
            assertThat(outcome(proxy, "by_cert")).isEqualTo("TLS");
        }
        try (RunningProxy proxy = proxy(provider, "sslmode", "require")) {
            assertThat(outcome(proxy, "by_cert")).contains("certificate");
        }
    }

    /** The key as older versions of OpenSSL write it: what PKCS #8 wraps, and the curve behind it. */
    private static String sec1(byte[] pkcs8) {
        byte[] curve = {(byte) 0xa0, 10, 6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 3, 1, 7};
        byte[] inner = Arrays.copyOfRange(pkcs8, 28, pkcs8.length);
        // SEQUENCE { 1, OCTET STRING of 32 bytes, ... }: the first 37 bytes of its contents, then the curve
        byte[] key = Arrays.copyOfRange(inner, 2, 2 + 37);
        byte[] all = new byte[2 + key.length + curve.length];
        all[0] = 0x30;
        all[1] = (byte) (key.length + curve.length);
        System.arraycopy(key, 0, all, 2, key.length);
        System.arraycopy(curve, 0, all, 2 + key.length, curve.length);
        return "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                + "-----BEGIN EC PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(all)
                + "\n-----END EC PRIVATE KEY-----\n";
    }

    @ParameterizedTest
    @EnumSource
    void directTlsAsksNothing(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider, "sslmode", "require", "sslnegotiation", "direct")) {
            assertThat(outcome(proxy, "postgres")).isEqualTo("TLS");
        }
    }

    @Test
    void aServerWithoutTlsIsTold() throws Exception {
        for (String mode : List.of("require", "no-verify")) {
            try (ConsentingServer server = new ConsentingServer(new byte[] {'N'});
                    RunningProxy proxy = proxy(TlsProviderChoice.AUTO, "127.0.0.1", server.port(), "sslmode", mode);
                    WireClient client = login(proxy, "postgres")) {
                assertThat(client.query("SELECT 1"))
                        .contains("E[57P03")
                        .contains(" has no TLS, and sslmode is " + mode);
                assertThat(client.query("SELECT 1")).contains("E[57P03"); // the client stays
            }
        }
    }

    /** Odyssey CVE-2021-43767, libpq CVE-2021-23222. */
    @ParameterizedTest
    @EnumSource
    void bytesBehindTheServersConsentAreNotTheServers(TlsProviderChoice provider) throws Exception {
        byte[] injected = Frontend.join(new byte[] {'S'}, new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 0});
        try (ConsentingServer server = new ConsentingServer(injected);
                RunningProxy proxy = proxy(provider, "127.0.0.1", server.port(), "sslmode", "prefer");
                WireClient client = login(proxy, "postgres")) {
            assertThat(client.query("SELECT 1"))
                    .contains("E[57P03")
                    .contains("has sent data before the TLS handshake")
                    .doesNotContain("with TLS"); // nor asked without
        }
    }

    /** libpq CVE-2024-10977: whoever is in between could put words there. */
    @Test
    void wordsOfAServerBeforeTlsAreNotRepeated() throws Exception {
        byte[] error = io.pgweir.proxy.testkit.Backend.errorResponse("FATAL", "28000", "send your password to evil");
        try (ConsentingServer server = new ConsentingServer(error);
                RunningProxy proxy = proxy(TlsProviderChoice.AUTO, "127.0.0.1", server.port(), "sslmode", "require");
                WireClient client = login(proxy, "postgres")) {
            assertThat(client.query("SELECT 1"))
                    .contains("E[57P03", "answered the question for TLS with an error")
                    .doesNotContain("evil");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStatementIsCancelledOverTls(TlsProviderChoice provider) throws Exception {
        try (FirstBytes network = new FirstBytes(postgres.port());
                RunningProxy proxy = proxy(
                        provider, "127.0.0.1", network.port(), "sslmode", "require", "statement_timeout", "300ms");
                WireClient client = login(proxy, "tls_only")) {
            assertThat(client.query("SELECT pg_sleep(60)")).contains("E[57014");
            assertThat(client.query(OVER_TLS)).contains("D[t]");
            assertThat(network.seen())
                    .hasSizeGreaterThanOrEqualTo(2)
                    .allSatisfy(first -> assertThat(first).isEqualTo(Frontend.sslRequest()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeResultsComeWhole(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider, "sslmode", "require");
                WireClient client = login(proxy, "postgres")) {
            String large = "y".repeat(3 << 20);
            assertThat(client.value("SELECT '" + large + "'")).isEqualTo(large);
            client.send(Frontend.query("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"));
            assertThat(client.readUntilReady().stream().filter(message -> message.type() == 'D'))
                    .hasSize(20000);
        }
    }

    /** Of an idle backend the kernel may have bytes that are TLS's own: they are no reason to give it up. */
    @ParameterizedTest
    @EnumSource
    void newKeysFromTheServerAreNoEndOfIt(TlsProviderChoice provider) throws Exception {
        Issued own = certificates.server();
        try (FakePostgres server = FakePostgres.startTls(certificates.context(own), BackendTlsTest::withNewKeys);
                RunningProxy proxy = proxy(
                        provider,
                        "127.0.0.1",
                        server.port(),
                        "sslmode",
                        "require",
                        "sslnegotiation",
                        "direct",
                        "connection_limit",
                        "1",
                        "state_check",
                        "off");
                WireClient client = login(proxy, "postgres")) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.query("SELECT 'new keys'")).contains("Z[I]");
                Thread.sleep(25);
                assertThat(client.query("SELECT 1")).contains("Z[I]");
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    /** Answers everything with as little as there may be, and changes its keys a moment after some answers. */
    private static void withNewKeys(FakeConnection connection) throws Exception {
        connection.startup();
        connection.welcome();
        while (true) {
            FakeConnection.Message message = connection.receive();
            switch (message.type()) {
                case 'Q' -> connection.send(Backend.commandComplete("SELECT 0"), Backend.readyForQuery('I'));
                case 'P' -> connection.send(Backend.parseComplete());
                case 'B' -> connection.send(Backend.bindComplete());
                case 'D' -> connection.send(Backend.noData());
                case 'E' -> connection.send(Backend.commandComplete("SELECT 0"));
                case 'S' -> connection.send(Backend.readyForQuery('I'));
                default -> {}
            }
            if (message.toString().contains("new keys")) {
                Thread.sleep(10); // to a backend that is idle
                ((SSLSocket) connection.socket()).startHandshake();
            }
        }
    }
}
