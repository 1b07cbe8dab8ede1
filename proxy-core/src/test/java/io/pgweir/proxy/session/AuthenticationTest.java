package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients prove who they are to pgweir, and pgweir to PostgreSQL, each by its own method. */
class AuthenticationTest {
    private final RealPostgres postgres = RealPostgres.get();

    @ParameterizedTest
    @EnumSource
    void pgweirLogsInToPostgresByEveryMethod(TestRole role) throws Exception {
        for (String clients : List.of("scram", "trust")) {
            try (RunningProxy proxy = as(role.user(), role.password(), "client_auth", clients);
                    WireClient client = login(proxy, role.user(), role.password())) {
                assertThat(client.value("SELECT current_user")).isEqualTo(role.user());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SCRAM", "MD5", "PLAIN"})
    void aPasswordThatPostgresRefusesIsTheLoginsError(TestRole role) throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        try (RunningProxy proxy = as(role.user(), "not-the-password", "client_auth", "trust")) {
            assertThat(refusal(() -> login(proxy, role.user(), null))).startsWith("E[28P01");
        }
    }

    @Test
    void aWrongPasswordAndAnUnknownUserReadTheSame() throws Exception {
        try (RunningProxy proxy = as(TestRole.SCRAM.user(), TestRole.SCRAM.password(), "client_auth", "scram")) {
            assertThat(refusal(() -> login(proxy, TestRole.SCRAM.user(), "wrong")))
                    .isEqualTo("E[28P01 password authentication failed for user \"" + TestRole.SCRAM.user() + "\"]");
            assertThat(refusal(() -> login(proxy, "nobody", "wrong")))
                    .isEqualTo("E[28P01 password authentication failed for user \"nobody\"]");
            assertThat(proxy.proxy().pools().pools()).isEmpty();
            assertThat(challenge(proxy, "nobody")).matches(challenge(proxy, "nobody")::equals);
        }
    }

    static Stream<Arguments> garbage() {
        return Stream.of(
                Arguments.of("another mechanism", Frontend.saslInitialResponse("PLAIN", "x")),
                Arguments.of(
                        "channel binding that was not offered",
                        Frontend.saslInitialResponse("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=,r=abc")),
                Arguments.of(
                        "no data",
                        Frontend.raw(
                                'p',
                                "SCRAM-SHA-256\0\377\377\377\377"
                                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))),
                Arguments.of(
                        "an inner length that is too long",
                        Frontend.raw(
                                'p',
                                "SCRAM-SHA-256\0\0\0\1\0n,,".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))),
                Arguments.of("nothing", Frontend.raw('p', new byte[0])),
                Arguments.of("a plain password", Frontend.password("scram-pw")),
                Arguments.of("no attributes", Frontend.saslInitialResponse("SCRAM-SHA-256", "")),
                Arguments.of("no nonce", Frontend.saslInitialResponse("SCRAM-SHA-256", "n,,n=user")),
                Arguments.of("an empty nonce", Frontend.saslInitialResponse("SCRAM-SHA-256", "n,,n=,r=")),
                Arguments.of("a wrong flag", Frontend.saslInitialResponse("SCRAM-SHA-256", "x,,n=,r=abc")),
                Arguments.of(
                        "an identity of another", Frontend.saslInitialResponse("SCRAM-SHA-256", "n,a=admin,n=,r=abc")),
                Arguments.of(
                        "a message too long",
                        Frontend.saslInitialResponse("SCRAM-SHA-256", "n,,n=,r=" + "x".repeat(5000))),
                Arguments.of("a query", Frontend.query("SELECT 1")),
                Arguments.of("another startup packet", Frontend.startup(0, Map.of("user", "postgres"))),
                Arguments.of("a message of an unknown type", Frontend.raw('!', new byte[4])));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("garbage")
    void garbageInsteadOfAProofIsRefused(String name, byte[] answer) throws Exception {
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = as(TestRole.SCRAM.user(), TestRole.SCRAM.password(), "client_auth", "scram");
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(Frontend.startup(0, Map.of("user", TestRole.SCRAM.user(), "database", "postgres")));
            assertThat(client.read()).hasToString("R[10]");
            List<ServerMessage> answers = client.send(answer).readUntilClosed();
            assertThat(answers).hasSize(1);
            assertThat(answers.get(0).fields()).containsEntry('S', "FATAL");
            assertThat(answers.get(0).fields().get('C')).isIn("08P01", "28P01", "0A000", "28000");
            log.assertCalm();
        }
    }

    static Stream<String> wrongProofs() {
        return Stream.of(
                "",
                "c=biws",
                "c=biws,r=NONCE",
                "c=biws,r=NONCE,p=",
                "c=biws,r=NONCE,p=!!!!",
                "c=biws,r=NONCEx,p=AAAA",
                "c=eSws,r=NONCE,p=" + "A".repeat(43) + "=",
                "c=biws,r=NONCE,p=" + "A".repeat(43) + "=",
                "r=NONCE,c=biws,p=" + "A".repeat(43) + "=");
    }

    @ParameterizedTest
    @MethodSource("wrongProofs")
    void aWrongProofIsRefused(String proof) throws Exception {
        try (LogWatch log = new LogWatch();
                RunningProxy proxy = as(TestRole.SCRAM.user(), TestRole.SCRAM.password(), "client_auth", "scram");
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            String first = challenge(client, TestRole.SCRAM.user());
            String nonce = first.substring(2, first.indexOf(','));
            List<ServerMessage> answers = client.send(Frontend.saslResponse(proof.replace("NONCE", nonce)))
                    .readUntilClosed();
            assertThat(answers).hasSize(1);
            assertThat(answers.get(0).fields().get('C')).isIn("08P01", "28P01");
            log.assertCalm();
        }
    }

    @Test
    void trustAsksForNothing() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(Frontend.startup(0, Map.of("user", "postgres", "database", "postgres")));
            assertThat(client.read()).hasToString("R[0]");
        }
    }

    /** The salt and count that a user is challenged with. */
    private static String challenge(RunningProxy proxy, String user) throws IOException {
        try (WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            String first = challenge(client, user);
            return first.substring(first.indexOf(','));
        }
    }

    private static String challenge(WireClient client, String user) throws IOException {
        client.send(Frontend.startup(0, Map.of("user", user, "database", "postgres")));
        assertThat(client.read()).hasToString("R[10]");
        client.send(Frontend.saslInitialResponse("SCRAM-SHA-256", "n,,n=,r=clientnonce1234567890"));
        byte[] body = client.read().body();
        return new String(body, 4, body.length - 4, java.nio.charset.StandardCharsets.UTF_8);
    }

    private RunningProxy as(String user, String password, String... settings) {
        return RunningProxy.at(
                "postgresql://" + user + ":" + password + "@" + postgres.host() + ":" + postgres.port() + "/postgres",
                settings);
    }

    private static String refusal(StartupTest.Login login) {
        String[] text = new String[1];
        assertThatThrownBy(() -> login.open().close())
                .isInstanceOfSatisfying(LoginRefused.class, e -> text[0] = e.getMessage());
        return text[0];
    }

    private static WireClient login(RunningProxy proxy, String user, String password) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", user, password);
    }
}
