package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.TestCertificates.Issued;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TLS to clients, by BoringSSL and by the JDK. */
class ClientTlsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final TestRole ROLE = TestRole.SCRAM;

    @TempDir
    static Path directory;

    private static TestCertificates certificates;
    private static Issued server;

    @BeforeAll
    static void issue() {
        certificates = TestCertificates.in(directory);
        server = certificates.server();
    }

    private static RunningProxy proxy(TlsProviderChoice provider, String... more) {
        String[] own = {
            "tls_provider", provider.name(),
            "tls_cert", server.certificate().toString(),
            "tls_key", server.key().toString(),
            "client_auth", "scram",
            "sslmode", "disable"
        };
        return RunningProxy.at(
                "postgresql://" + ROLE.user() + ":" + ROLE.password() + "@" + POSTGRES.host() + ":" + POSTGRES.port()
                        + "/postgres",
                Stream.concat(Arrays.stream(own), Arrays.stream(more)).toArray(String[]::new));
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))
                .logIn("postgres", ROLE.user(), ROLE.password());
    }

    @ParameterizedTest
    @EnumSource
    void whoeverAsksGetsTls(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider)) {
            try (WireClient client = login(proxy);
                    WireClient plain = WireClient.connect(proxy.host(), proxy.port())) {
                assertThat(client.value("SELECT 'over ' || 'TLS'")).isEqualTo("over TLS");
                assertThat(((SSLSocket) client.socket()).getSession().getProtocol())
                        .isEqualTo("TLSv1.3");
                // GSSAPI encryption there is none, and it may be asked for first.
                assertThat(plain.send(Frontend.gssEncRequest()).readByte()).isEqualTo('N');
                assertThat(plain.send(Frontend.sslRequest()).readByte()).isEqualTo('S');
                try (WireClient encrypted =
                        plain.encrypted(certificates.context(null)).logIn("postgres", ROLE.user(), ROLE.password())) {
                    assertThat(encrypted.value("SELECT 1")).isEqualTo("1");
                }
                try (WireClient without =
                        WireClient.login(proxy.host(), proxy.port(), "postgres", ROLE.user(), ROLE.password())) {
                    assertThat(without.value("SELECT 2")).isEqualTo("2");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void psqlVerifiesAndBindsTheChannel(TlsProviderChoice provider) throws Exception {
        Path other = TestCertificates.in(Files.createDirectory(directory.resolve("other-" + provider)))
                .roots();
        try (RunningProxy proxy = proxy(provider)) {
            for (String sslMode : List.of("allow", "prefer", "require", "verify-ca", "verify-full")) {
                Psql.Result result = psql(proxy, sslMode, certificates.roots(), "prefer");
                assertThat(result.output()).as(sslMode).contains("1 row");
            }
            assertThat(psql(proxy, "disable", certificates.roots(), "disable").output())
                    .contains("1 row");
            assertThat(psql(proxy, "verify-full", certificates.roots(), "require")
                            .output())
                    .contains("1 row");
            assertThat(psql(proxy, "disable", certificates.roots(), "require").output())
                    .contains("channel binding");
            assertThat(psql(proxy, "verify-full", other, "prefer").output()).contains("certificate verify failed");
        }
    }

    @Test
    void withoutTlsNobodyLogsInWhereItIsRequired() throws Exception {
        try (RunningProxy proxy = proxy(TlsProviderChoice.AUTO, "tls", "require")) {
            assertThat(psql(proxy, "disable", certificates.roots(), "prefer").output())
                    .contains("pgweir takes logins only over TLS (tls: require)");
            assertThatThrownBy(() ->
                            WireClient.login(proxy.host(), proxy.port(), "postgres", ROLE.user(), ROLE.password()))
                    .isInstanceOfSatisfying(
                            LoginRefused.class, e -> assertThat(e.getMessage()).contains("28000"));
            assertThat(psql(proxy, "prefer", certificates.roots(), "prefer").output())
                    .contains("1 row");
        }
    }

    private static Psql.Result psql(RunningProxy proxy, String sslMode, Path roots, String binding) throws Exception {
        return Psql.run(
                proxy,
                ROLE.user(),
                "SELECT 1",
                Map.of(
                        "PGPASSWORD",
                        ROLE.password(),
                        "PGSSLMODE",
                        sslMode,
                        "PGSSLROOTCERT",
                        roots.toString(),
                        "PGCHANNELBINDING",
                        binding));
    }

    @ParameterizedTest
    @EnumSource
    void largeValuesPassThroughPgjdbcBothWays(TlsProviderChoice provider) throws Exception {
        byte[] large = new byte[3 << 20];
        new java.util.Random(7).nextBytes(large);
        Properties properties = new Properties();
        properties.setProperty("user", ROLE.user());
        properties.setProperty("password", ROLE.password());
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("channelBinding", "require");
        properties.setProperty("sslrootcert", certificates.roots().toString());
        try (RunningProxy proxy = proxy(provider);
                Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://localhost:" + proxy.port() + "/postgres", properties)) {
            try (PreparedStatement echo = connection.prepareStatement("SELECT ?::bytea, md5(?::bytea)")) {
                echo.setBytes(1, large);
                echo.setBytes(2, large);
                try (ResultSet rows = echo.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getBytes(1)).isEqualTo(large);
                }
            }
            try (PreparedStatement many =
                            connection.prepareStatement("SELECT i, repeat('x', 100) FROM generate_series(1, 30000) i");
                    ResultSet rows = many.executeQuery()) {
                long sum = 0;
                while (rows.next()) {
                    sum += rows.getInt(1);
                }
                assertThat(sum).isEqualTo(450_015_000L);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void tinyRecordsAndNewKeysChangeNothing(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider);
                WireClient client = login(proxy)) {
            client.sendInPieces(Frontend.query("SELECT 'one byte in each record'"), 1);
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[one byte in each record]");
            for (int i = 0; i < 6; i++) {
                ((SSLSocket) client.socket()).startHandshake(); // with TLS 1.3 a KeyUpdate
                assertThat(client.value("SELECT repeat('k', 40000)")).hasSize(40000);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void directTlsNeedsTheNameOfTheProtocol(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider)) {
            try (WireClient client = WireClient.connectDirectTls(
                            proxy.host(), proxy.port(), certificates.context(null), "postgresql")
                    .logIn("postgres", ROLE.user(), ROLE.password())) {
                assertThat(client.value("SELECT 1")).isEqualTo("1");
                // Inside of it nothing is negotiated again.
                assertThat(client.query("SELECT 2")).contains("D[2]");
            }
            for (String[] protocols : List.of(new String[0], new String[] {"h2", "http/1.1"})) {
                assertThatThrownBy(() -> {
                            try (WireClient client = WireClient.connectDirectTls(
                                    proxy.host(), proxy.port(), certificates.context(null), protocols)) {
                                client.logIn("postgres", ROLE.user(), ROLE.password());
                            }
                        })
                        .isInstanceOfAny(EOFException.class, SSLException.class, SocketException.class);
            }
        }
    }

    @Test
    void aSecondRequestForEncryptionInsideOfItIsRefused() throws Exception {
        try (RunningProxy proxy = proxy(TlsProviderChoice.AUTO);
                WireClient client = WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))) {
            assertThat(ServerMessage.transcript(
                            client.send(Frontend.sslRequest()).readUntilClosed()))
                    .startsWith("E[08P01");
        }
    }

    /** PgBouncer CVE-2021-3935, Odyssey CVE-2021-43766, PostgreSQL CVE-2021-23214. */
    @ParameterizedTest
    @EnumSource
    void bytesBehindTheRequestForTlsAreNotTheClients(TlsProviderChoice provider) throws Exception {
        byte[] startup = Frontend.startup(0, Map.of("user", ROLE.user(), "database", "postgres"));
        try (RunningProxy proxy = proxy(provider);
                LogWatch log = new LogWatch();
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(Frontend.sslRequest(), startup);
            assertThat(client.readUntilClosed()).isEmpty(); // not even S
            await().untilAsserted(() -> assertThat(log.lines())
                    .anyMatch(line -> line.contains(startup.length + " bytes came unencrypted behind its SSLRequest")));
            try (WireClient late = WireClient.connect(proxy.host(), proxy.port())) {
                assertThat(late.send(Frontend.sslRequest()).readByte()).isEqualTo('S');
                late.send(startup); // in clear, instead of a handshake
                assertThat(closedWithoutLogin(late)).isTrue();
            }
            log.assertCalm();
        }
    }

    /** An alert may come, and no message of PostgreSQL's protocol. */
    private static boolean closedWithoutLogin(WireClient client) throws IOException {
        try {
            byte[] answer = client.socket().getInputStream().readAllBytes();
            return answer.length == 0 || answer[0] == 0x15;
        } catch (SocketException reset) {
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoWasTalkedOutOfChannelBindingIsRefused(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider);
                WireClient client = WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))) {
            client.send(Frontend.startup(0, Map.of("user", ROLE.user(), "database", "postgres")));
            assertThat(new String(client.read().body(), java.nio.charset.StandardCharsets.US_ASCII))
                    .contains("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0");
            client.send(Frontend.saslInitialResponse("SCRAM-SHA-256", "y,,n=,r=abcdefghijklmnopqr"));
            assertThat(ServerMessage.transcript(client.readUntilClosed()))
                    .startsWith("E[28000 SCRAM channel binding negotiation error");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHandshakeCountsInTheTimeOfTheLogin(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider, "client_login_timeout", "300ms");
                LogWatch log = new LogWatch();
                WireClient slow = WireClient.connect(proxy.host(), proxy.port());
                WireClient direct = WireClient.connect(proxy.host(), proxy.port())) {
            assertThat(slow.send(Frontend.sslRequest()).readByte()).isEqualTo('S');
            direct.send(new byte[] {0x16, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3, 1, 2, 3});
            assertThat(closedWithoutLogin(slow)).isTrue();
            assertThat(closedWithoutLogin(direct)).isTrue();
            await().untilAsserted(() -> assertThat(log.lines())
                    .filteredOn(line -> line.contains("no TLS handshake within 300 ms"))
                    .hasSize(2));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCertificateLogsItsUserIn(TlsProviderChoice provider) throws Exception {
        String[] settings = {
            "tls", "verify-full", "tls_ca", certificates.roots().toString(), "client_auth", "cert"
        };
        TestCertificates others = TestCertificates.in(Files.createDirectory(directory.resolve("others-" + provider)));
        Issued own = certificates.client(ROLE.user());
        try (RunningProxy proxy = proxy(provider, settings);
                LogWatch log = new LogWatch()) {
            try (WireClient client = with(proxy, own, ROLE.user())) {
                assertThat(client.value("SELECT current_user::text")).isEqualTo(ROLE.user());
            }
            assertThatThrownBy(() -> with(proxy, own, "postgres"))
                    .isInstanceOf(LoginRefused.class)
                    .hasMessageContaining("28000")
                    .hasMessageContaining("certificate authentication failed for user \"postgres\"");
            for (Issued wrong : Arrays.asList(null, certificates.expiredClient(ROLE.user()))) {
                assertThatThrownBy(() -> with(proxy, wrong, ROLE.user()))
                        .isInstanceOfAny(SSLException.class, SocketException.class, EOFException.class);
            }
            // Java's own client would not show what the server does not ask for.
            Issued foreign = others.client(ROLE.user());
            assertThat(Psql.run(
                                    proxy,
                                    ROLE.user(),
                                    "SELECT 1",
                                    Map.of(
                                            "PGSSLMODE", "require",
                                            "PGSSLCERT", foreign.certificate().toString(),
                                            "PGSSLKEY", foreign.key().toString()))
                            .output())
                    .contains("alert");
            await().untilAsserted(() -> assertThat(log.lines())
                    .anyMatch(line -> line.contains("is not signed by a root of tls_ca"))
                    .anyMatch(line -> line.contains("sent no certificate"))
                    .anyMatch(line -> line.contains("has expired")));
            assertThatThrownBy(() ->
                            WireClient.login(proxy.host(), proxy.port(), "postgres", ROLE.user(), ROLE.password()))
                    .hasMessageContaining("only over TLS (tls: verify-full)");
            log.assertCalm();
        }
    }

    private static WireClient with(RunningProxy proxy, @Nullable Issued own, String user) throws IOException {
        return WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(own))
                .logIn("postgres", user, ROLE.password());
    }

    @ParameterizedTest
    @EnumSource
    void aStatementIsCancelledOverTls(TlsProviderChoice provider) throws Exception {
        try (RunningProxy proxy = proxy(provider, "tls", "require");
                WireClient client = login(proxy)) {
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            await().until(() -> "active".equals(stateOf("SELECT pg_sleep(60)")));
            try (WireClient other = WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))) {
                other.send(Frontend.cancelRequest(client.pid(), client.cancelKey()));
                assertThat(other.readUntilClosed()).isEmpty();
            }
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("E[57014");
        }
    }

    private static @Nullable String stateOf(String query) throws Exception {
        return POSTGRES.queryForString("SELECT max(state) FROM pg_stat_activity WHERE query = '" + query + "'");
    }

    @Test
    void aNewCertificateIsTakenWithoutLosingASession() throws Exception {
        Path certificate = directory.resolve("live.crt");
        Path key = directory.resolve("live.key");
        Issued next = certificates.server();
        TestCertificates.replace(certificate, server.certificate());
        TestCertificates.replace(key, server.key());
        try (RunningProxy proxy =
                        proxy(TlsProviderChoice.AUTO, "tls_cert", certificate.toString(), "tls_key", key.toString());
                LogWatch log = new LogWatch();
                WireClient open = login(proxy)) {
            open.query("BEGIN; CREATE TEMP TABLE kept(a int)");
            // The certificate alone does not fit the key that is there still: the former pair serves on.
            TestCertificates.replace(certificate, next.certificate());
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(log.lines())
                            .anyMatch(line -> line.contains("do not belong together")
                                    && line.contains("the former ones stay in use")));
            assertThat(shown(proxy)).isEqualTo(server.bundle().getCertificate());
            TestCertificates.replace(key, next.key());
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> shown(proxy).equals(next.bundle().getCertificate()));
            // Channel binding is that of the new certificate.
            assertThat(psql(proxy, "verify-full", certificates.roots(), "require")
                            .output())
                    .contains("1 row");
            assertThat(open.value("SELECT count(*) FROM kept")).isEqualTo("0");
            Files.delete(key);
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(log.lines()).anyMatch(line -> line.contains("there is no file")));
            try (WireClient later = login(proxy)) {
                assertThat(later.value("SELECT 1")).isEqualTo("1");
            }
            log.assertCalm();
        }
    }

    private static X509Certificate shown(RunningProxy proxy) throws IOException {
        try (WireClient client = login(proxy)) {
            return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        }
    }

    /** A FATAL is to be read by its client, and TLS is to be ended in order, not torn. */
    @ParameterizedTest
    @EnumSource
    void lastWordsReachTheClient(TlsProviderChoice provider) throws Exception {
        WireClient open;
        try (RunningProxy proxy = proxy(provider)) {
            try (WireClient client = WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))) {
                client.send(Frontend.startup(0, Map.of("user", ROLE.user(), "replication", "true")));
                assertThat(ServerMessage.transcript(client.readUntilClosed())).startsWith("E[0A000");
            }
            open = login(proxy);
            assertThat(open.value("SELECT 1")).isEqualTo("1");
        }
        assertThat(ServerMessage.transcript(open.readUntilClosed())).startsWith("E[57P01");
        open.close();
    }

    /** A ClientHello of TLS 1.1, and nothing that newer versions have. */
    @ParameterizedTest
    @EnumSource
    void nothingOlderThanTls12(TlsProviderChoice provider) throws Exception {
        byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 4 + 2];
        byte[] head = {0x16, 3, 1, 0, (byte) (hello.length - 5), 1, 0, 0, (byte) (hello.length - 9), 3, 2};
        System.arraycopy(head, 0, hello, 0, head.length);
        byte[] tail = {0, 0, 2, (byte) 0xc0, 0x09, 1, 0
        }; // no session, ECDHE_ECDSA_WITH_AES_128_CBC_SHA, no compression
        System.arraycopy(tail, 0, hello, hello.length - tail.length, tail.length);
        try (RunningProxy proxy = proxy(provider);
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(hello);
            byte[] alert = client.socket().getInputStream().readNBytes(7);
            assertThat(alert[0]).isEqualTo((byte) 0x15);
            assertThat(alert[6]).as("protocol_version").isEqualTo((byte) 70);
        }
    }
}
