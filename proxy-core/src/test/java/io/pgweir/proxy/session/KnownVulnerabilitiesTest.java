package io.pgweir.proxy.session;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static io.pgweir.proxy.testkit.Frontend.raw;
import static io.pgweir.proxy.testkit.Frontend.saslInitialResponse;
import static io.pgweir.proxy.testkit.Frontend.saslResponse;
import static io.pgweir.proxy.testkit.Frontend.startup;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.auth.ScramServer;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What clients could do to other poolers, by the numbers under which it became known: each attempt is made, fails, and leaves
 * everybody else served. For what servers may try see {@code KnownServerVulnerabilitiesTest}.
 *
 * <p>Elsewhere: bytes in front of a TLS handshake (CVE-2021-3935, CVE-2021-23214, CVE-2021-23222, CVE-2021-43766,
 * CVE-2021-43767) and words of a server before it (CVE-2024-10977) in {@link ClientTlsTest} and {@link BackendTlsTest}; what
 * needs a real server (CVE-2024-45624, CVE-2025-12819) in {@link KnownVulnerabilitiesOnPostgresTest}.
 */
class KnownVulnerabilitiesTest {
    private static final String PASSWORD = "hunter2-of-app";
    private static final Map<String, String> APP = Map.of("user", "app", "database", "shop");
    private static final String MECHANISM = "SCRAM-SHA-256";

    private static final Set<String> usersSeen = ConcurrentHashMap.newKeySet();
    private static FakePostgres server;
    private static RunningProxy proxy;

    @BeforeAll
    static void open() throws IOException {
        server = FakePostgres.start(connection -> {
            usersSeen.add(connection.startup().get("user"));
            connection.welcome();
            connection.echoUntilClosed();
        });
        String url = "postgresql://app:" + PASSWORD + "@127.0.0.1:" + server.port() + "/shop";
        proxy = RunningProxy.at(url, "client_auth", "scram", "admin_users", "dba", "failed_login_limit", "0");
    }

    @AfterAll
    static void close() throws IOException {
        proxy.close();
        server.close();
    }

    @AfterEach
    void everybodyElseIsServed() throws IOException {
        try (WireClient client = login("app", PASSWORD)) {
            assertThat(client.value("SELECT 1")).isEqualTo("SELECT 1");
        }
        assertThat(usersSeen).containsExactly("app");
    }

    /** PgBouncer: a database name longer than its buffer ended the process. */
    @ParameterizedTest
    @ValueSource(ints = {64, 65, 128, 1000, 9900})
    void cve_2012_4575_anOverlongName(int length) throws IOException {
        String name = "x".repeat(length);
        for (Map<String, String> startup :
                List.of(Map.of("user", "app", "database", name), Map.of("user", name, "database", "shop"))) {
            assertThat(answer(startup(0, startup))).startsWith("E[42622 the name of the ");
        }
    }

    /** PgBouncer: a password where a startup packet belongs. */
    @Test
    void cve_2015_4054_aPasswordBeforeTheStartupPacket() throws IOException {
        assertThat(answer(Frontend.password(PASSWORD))).isEmpty();
        assertThat(answer(saslInitialResponse(MECHANISM, "n,,n=,r=abc"))).isEmpty();
    }

    /** PgBouncer: a user it did not know was logged in as auth_user. */
    @ParameterizedTest
    @ValueSource(strings = {"nobody", "postgres", "APP", "app ", "app\n", "\u0430pp", "*"})
    void cve_2015_6817_anUnknownUserIsNobody(String user) {
        assertThatThrownBy(() -> login(user, PASSWORD))
                .isInstanceOf(LoginRefused.class)
                .hasMessageContaining("28P01");
    }

    /** PgBouncer: lengths of more than 2^31 in messages before the login. CVE-2026-6668 is of the same kind. */
    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x7ffffffb, 0x40000000, -16})
    void cve_2026_107348_cve_2026_6668_lengthsThatOverflow(int length) throws IOException {
        assertThat(answer(ByteBuffer.allocate(8).putInt(length).putInt(3 << 16).array()))
                .isEmpty();
        byte[] header = ByteBuffer.allocate(5).put((byte) 'p').putInt(length).array();
        assertThat(answer(startup(0, APP), header)).startsWith("R[10] E[08P01");
        try (WireClient client = login("app", PASSWORD)) {
            for (char type : "QPBEDCSd".toCharArray()) {
                try (WireClient another = login("app", PASSWORD)) {
                    another.send(ByteBuffer.allocate(5)
                            .put((byte) type)
                            .putInt(length)
                            .array());
                    assertThat(ServerMessage.transcript(another.readUntilClosed()))
                            .startsWith("E[08P01");
                }
            }
            assertThat(client.value("SELECT 2")).isEqualTo("SELECT 2");
        }
    }

    /** PgBouncer: {@code -c=} as an option kept its only thread busy for ever, before the login. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-c=", "-c =x", "--=", "--", "-c", "-c ", "-c  -c", "\\", "-", "=", "-c=\\", "- -",
            })
    void cve_2026_107349_anEmptyNameInOptions(String options) {
        Map<String, String> startup = Map.of("user", "app", "database", "shop", "options", options);
        assertTimeout(Duration.ofSeconds(2), () -> {
            assertThat(answer(startup(0, startup))).isEqualTo("R[10]"); // not looked at before the login
            try {
                WireClient.login(proxy.host(), proxy.port(), startup, PASSWORD).close();
            } catch (LoginRefused expected) {
                assertThat(expected.getMessage()).containsAnyOf("42601", "42704");
            }
        });
    }

    /** PgBouncer: a second StartupMessage in the middle of SCRAM, for another user. */
    @Test
    void cve_2026_107350_aSecondStartupPacketDuringScram() throws IOException {
        byte[] other = startup(0, Map.of("user", "dba", "database", "pgweir"));
        for (Map<String, String> first : List.of(
                APP, Map.of("user", "app", "database", "missing"), Map.of("user", "nobody", "database", "shop"))) {
            assertThat(answer(startup(0, first), other))
                    .startsWith("R[10] E[08P01")
                    .doesNotContain("R[0]");
            assertThat(answer(startup(0, first), saslInitialResponse(MECHANISM, "n,,n=,r=abc"), other))
                    .startsWith("R[10] R[11] E[08P01")
                    .doesNotContain("R[0]");
            assertThat(answer(startup(0, first), Frontend.sslRequest()))
                    .startsWith("R[10] E[08P01")
                    .doesNotContain("R[0]");
        }
    }

    /** PgBouncer: a client-final-message without one of its attributes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "=",
                "c=biws",
                "r=NONCE",
                "p=AAAA",
                "c=biws,r=NONCE",
                "c=biws,p=AAAA",
                "r=NONCE,p=AAAA",
                "c=biws,r=NONCE,",
                "c=biws,r=NONCE,p",
                "c=biws,r=NONCE,p=",
                "c=,r=,p=",
                "c=biws,r=NONCE,x=1",
                "c",
                "c=biws,r=NONCE,p=AAAA,p=AAAA",
            })
    void cve_2026_19888_aProofWithoutItsAttributes(String last) throws IOException {
        try (WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(startup(0, APP), saslInitialResponse(MECHANISM, "n,,n=,r=abc"));
            client.read();
            String first = new String(client.read().body(), StandardCharsets.ISO_8859_1);
            String nonce = first.substring(first.indexOf("r=") + 2, first.indexOf(",s="));
            client.send(saslResponse(last.replace("NONCE", nonce)));
            assertThat(ServerMessage.transcript(client.readUntilClosed()))
                    .matches("E\\[(08P01|28P01) .*]")
                    .doesNotContain("R[");
        }
    }

    /** PgBouncer: the length inside of a SASLInitialResponse passed its check by overflowing. */
    @ParameterizedTest
    @ValueSource(ints = {-1, -2, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x7ffffff0, 1_000_000, 12})
    void cve_2026_6664_theLengthInsideOfASaslMessage(int length) throws IOException {
        byte[] name = (MECHANISM + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] body = ByteBuffer.allocate(name.length + 4 + 11)
                .put(name)
                .putInt(length)
                .put("n,,n=,r=abc".getBytes(StandardCharsets.US_ASCII))
                .array();
        assertThat(answer(startup(0, APP), raw('p', body))).startsWith("R[10] E[08P01");
    }

    /** PgBouncer: KILL_CLIENT for whoever might look at statistics. {@code AdminConsoleTest} tries every command. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "KILL CLIENT 1",
                "KILL BACKEND 1",
                "PAUSE",
                "RESUME",
                "DRAIN",
                "RECONNECT",
                "SHUTDOWN",
                "kill client 1"
            })
    void cve_2026_6667_whoMayLookMayNotKill(String command) throws IOException {
        try (WireClient watcher = WireClient.login(proxy.host(), proxy.port(), "pgweir", "app", PASSWORD)) {
            assertThat(watcher.query(command))
                    .startsWith("E[42501 permission denied")
                    .endsWith("Z[I]");
        }
    }

    /** Pgpool-II: combinations of methods that let in without a password. */
    @Test
    void cve_2025_46801_noProofIsNoLogin() throws IOException {
        for (String wrong : List.of("wrong", "app", PASSWORD + " ", PASSWORD.toUpperCase(java.util.Locale.ROOT))) {
            assertThatThrownBy(() -> login("app", wrong)).isInstanceOf(LoginRefused.class);
        }
        for (byte[] instead : List.of(
                Frontend.password(PASSWORD),
                Frontend.password(""),
                raw('p', new byte[0]),
                saslInitialResponse("PLAIN", "\0app\0" + PASSWORD),
                saslInitialResponse("SCRAM-SHA-1", "n,,n=,r=abc"),
                saslInitialResponse("", ""),
                Frontend.query("SELECT 1"),
                Frontend.terminate())) {
            assertThat(answer(startup(0, APP), instead)).startsWith("R[10]").doesNotContain("R[0]");
        }
    }

    /** Pgpool-II: passwords of other users for whoever asks. */
    @Test
    void cve_2023_22332_secretsAreShownToNobody() throws Exception {
        StringBuilder shown = new StringBuilder();
        try (WireClient watcher = WireClient.login(proxy.host(), proxy.port(), "pgweir", "app", PASSWORD)) {
            for (String view : List.of("CONFIG", "USERS", "DATABASES", "POOLS", "CLIENTS", "SERVERS", "QUERIES")) {
                shown.append(watcher.query("SHOW " + view));
            }
        }
        int http = proxy.proxy().httpAddress().getPort();
        for (String path : List.of("/health", "/metrics", "/")) {
            shown.append(HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http + path))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body());
        }
        assertThat(shown).contains("shop").doesNotContain("hunter2");
    }

    /** bitnami/pgpool: an account that nobody had set up. */
    @Test
    void cve_2025_22248_thereIsNoAccountByDefault() {
        for (String user : List.of("postgres", "pgweir", "pgbouncer", "admin", "repmgr", "dba")) {
            for (String database : List.of("shop", "pgweir", "pgbouncer")) {
                for (String password : List.of(user, "password")) {
                    assertThatThrownBy(() -> WireClient.login(proxy.host(), proxy.port(), database, user, password))
                            .isInstanceOf(LoginRefused.class);
                }
            }
        }
        Map<String, String> noPassword = Map.of("database_url", "postgresql://db.example.com/shop");
        assertThat(ConfigLoader.load(new ConfigSources(noPassword, Map.of())).problems())
                .anySatisfy(problem -> assertThat(problem.toString()).contains("no user has a password"));
    }

    /** pgx CVE-2024-27304, Npgsql CVE-2024-32655: a message that grows past what its length can say. */
    @Test
    void cve_2024_27304_cve_2024_32655_aNameThatMakesItsMessageTooLong() throws IOException {
        try (WireClient client = login("app", PASSWORD)) {
            client.send(Frontend.parse("s", "SELECT 1"), Frontend.flush());
            byte[] start = ByteBuffer.allocate(2048)
                    .put((byte) 'B')
                    .putInt(Limits.LARGE_MESSAGE)
                    .put("\0s\0".getBytes(StandardCharsets.US_ASCII))
                    .array();
            client.send(start);
            List<ServerMessage> answers = client.readUntilClosed();
            assertThat(answers.get(answers.size() - 1).toString())
                    .startsWith("E[08P01 Bind of ")
                    .contains("leaves no room");
        }
    }

    /** PostgreSQL CVE-2026-6478: how long a comparison takes must not say how much of a secret was right. */
    @Test
    void cve_2026_6478_secretsAreComparedInConstantTime() {
        JavaClasses compared = new ClassFileImporter()
                .importClasses(ScramServer.class, ScramClient.class, CancelKeys.class, Secret.class);
        classes()
                .should()
                .callMethod(MessageDigest.class, "isEqual", byte[].class, byte[].class)
                .check(compared);
        noClasses()
                .should()
                .callMethod(Arrays.class, "equals", byte[].class, byte[].class)
                .orShould()
                .callMethod(Arrays.class, "compare", byte[].class, byte[].class)
                .orShould()
                .callMethod(Arrays.class, "mismatch", byte[].class, byte[].class)
                .check(compared);
    }

    private static WireClient login(String user, String password) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "shop", user, password);
    }

    /** What a connection gets that sends these and then nothing more, until it is closed or asked for a password. */
    private static String answer(byte[]... messages) throws IOException {
        try (WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(messages);
            if (messages.length == 1 && messages[0].length > 8 && messages[0][0] == 0) {
                ServerMessage first = client.read();
                return first.toString();
            }
            return ServerMessage.transcript(client.readUntilClosed());
        } catch (SocketException reset) {
            return ""; // closed with input unread
        }
    }
}
