package io.pgweir.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramExchangeTest {
    private static final byte[] SALT = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final ScramSecret SECRET = ScramSecret.derive("pencil", SALT, 64);
    /** With the least count that the ongres client takes. */
    private static final ScramSecret SECRET_4096 = ScramSecret.derive("pencil", SALT, 4096);

    /** RFC 7677, section 3. */
    private static final class Rfc {
        static final byte[] SALT = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
        static final String CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        static final String NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        static final String SERVER_FIRST = "r=" + NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        static final String CLIENT_FINAL = "c=biws,r=" + NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    }

    @Test
    void theClientGivesTheVectorOfRfc7677() {
        ScramClient client = new ScramClient("pencil", "user", "rOprNGfwEbeRWgbNEkqO");
        assertThat(text(client.first())).isEqualTo(Rfc.CLIENT_FIRST);
        assertThat(text(client.last(bytes(Rfc.SERVER_FIRST)))).isEqualTo(Rfc.CLIENT_FINAL);
        assertThat(client.isVerified()).isFalse();
        assertThatCode(() -> client.verify(bytes(Rfc.SERVER_FINAL))).doesNotThrowAnyException();
        assertThat(client.isVerified()).isTrue();
    }

    @Test
    void theServerGivesTheVectorOfRfc7677() {
        ScramSecret secret = ScramSecret.derive("pencil", Rfc.SALT, 4096);
        ScramServer server = new ScramServer(secret, ScramServer.MECHANISM, null, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        assertThat(text(server.first(bytes(Rfc.CLIENT_FIRST)))).isEqualTo(Rfc.SERVER_FIRST);
        assertThat(text(server.last(bytes(Rfc.CLIENT_FINAL)))).isEqualTo(Rfc.SERVER_FINAL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pencil", "", "p,=\"'", "pässword", "I\u00adX", "\ud83d\ude00", "\u0627\u0031"})
    void ourClientLogsInToOurServer(String password) {
        ScramServer server = new ScramServer(ScramSecret.derive(password, SALT, 64));
        ScramClient client = new ScramClient(password);
        byte[] serverFinal = server.last(client.last(server.first(client.first())));
        assertThatCode(() -> client.verify(serverFinal)).doesNotThrowAnyException();
    }

    @Test
    void keysDerivedElsewhereLogIn() {
        ScramServer server = new ScramServer(SECRET);
        ScramClient client = new ScramClient();
        ScramClient.Challenge challenge = client.challenge(server.first(client.first()));
        assertThat(challenge.salt()).isEqualTo(SALT);
        assertThat(challenge.iterations()).isEqualTo(64);
        byte[] serverFinal =
                server.last(client.last(ScramKeys.derive("pencil", challenge.salt(), challenge.iterations())));
        assertThatCode(() -> client.verify(serverFinal)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pencil", "pässword", "I\u00adX"})
    void theOngresClientLogsInToOurServer(String password) throws Exception {
        com.ongres.scram.client.ScramClient client = com.ongres.scram.client.ScramClient.builder()
                .advertisedMechanisms(List.of("SCRAM-SHA-256"))
                .username("*")
                .password(password.toCharArray())
                .build();
        ScramServer server = new ScramServer(ScramSecret.derive(password, SALT, 4096));
        client.serverFirstMessage(
                text(server.first(bytes(client.clientFirstMessage().toString()))));
        byte[] serverFinal = server.last(bytes(client.clientFinalMessage().toString()));
        client.serverFinalMessage(text(serverFinal)); // throws if our signature is wrong
    }

    @Test
    void theOngresClientBindsToTheChannel() throws Exception {
        byte[] certificateHash = {9, 8, 7, 0, -1};
        com.ongres.scram.client.ScramClient client = com.ongres.scram.client.ScramClient.builder()
                .advertisedMechanisms(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"))
                .username("*")
                .password("pencil".toCharArray())
                .channelBinding("tls-server-end-point", certificateHash)
                .build();
        ScramServer server = new ScramServer(SECRET_4096, ScramServer.MECHANISM_PLUS, certificateHash);
        client.serverFirstMessage(
                text(server.first(bytes(client.clientFirstMessage().toString()))));
        client.serverFinalMessage(
                text(server.last(bytes(client.clientFinalMessage().toString()))));
    }

    @Test
    void ourClientBindsToTheChannelOrSaysThatItWould() {
        byte[] certificateHash = {9, 8, 7, 0, -1};
        ScramClient bound = ScramClient.boundTo(certificateHash);
        assertThat(bound.mechanism()).isEqualTo("SCRAM-SHA-256-PLUS");
        exchange(bound, new ScramServer(SECRET_4096, bound.mechanism(), certificateHash));
        assertThat(bound.isVerified()).isTrue();

        ScramClient elsewhere = ScramClient.boundTo(new byte[] {1});
        assertViolation(
                SqlState.PROTOCOL_VIOLATION,
                "SCRAM channel binding check failed",
                () -> exchange(elsewhere, new ScramServer(SECRET_4096, elsewhere.mechanism(), certificateHash)));

        ScramClient unoffered = ScramClient.unoffered();
        assertThat(unoffered.mechanism()).isEqualTo("SCRAM-SHA-256");
        exchange(unoffered, new ScramServer(SECRET_4096));
        assertViolation(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "SCRAM channel binding negotiation error",
                () -> exchange(
                        ScramClient.unoffered(), new ScramServer(SECRET_4096, "SCRAM-SHA-256", certificateHash)));
    }

    private static void exchange(ScramClient client, ScramServer server) {
        ScramClient.Challenge challenge = client.challenge(server.first(client.first()));
        ScramKeys keys = ScramKeys.derive("pencil", challenge.salt(), challenge.iterations());
        client.verify(server.last(client.last(keys)));
    }

    @Test
    void anotherChannelIsRefused() {
        String header = "p=tls-server-end-point,,";
        ScramServer server = new ScramServer(SECRET, ScramServer.MECHANISM_PLUS, new byte[] {1});
        String nonce = nonce(server.first(bytes(header + "n=,r=abc")));
        String binding = Base64.getEncoder().encodeToString(bytes(header + "\2"));
        assertViolation(
                SqlState.PROTOCOL_VIOLATION,
                "SCRAM channel binding check failed",
                () -> server.last(bytes("c=" + binding + ",r=" + nonce + ",p="
                        + Base64.getEncoder().encodeToString(new byte[32]))));
    }

    @Test
    void aClientTalkedOutOfChannelBindingIsRefused() {
        ScramServer server = new ScramServer(SECRET, ScramServer.MECHANISM, new byte[] {1});
        assertViolation(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "SCRAM channel binding negotiation error",
                () -> server.first(bytes("y,,n=,r=abc")));
    }

    @Test
    void clientsThatCouldBindLogInWhereBindingIsNotOffered() {
        ScramServer server = new ScramServer(SECRET);
        String clientBare = "n=,r=abc";
        byte[] serverFirst = server.first(bytes("y,," + clientBare));
        String withoutProof = "c=eSws,r=" + nonce(serverFirst);
        assertThat(text(server.last(proven(clientBare, serverFirst, withoutProof))))
                .startsWith("v=");
    }

    @Test
    void extensionsAreSkippedAndSigned() {
        ScramServer server = new ScramServer(SECRET);
        String clientBare = "n=,r=abc,x=y";
        byte[] serverFirst = server.first(bytes("n,," + clientBare));
        String withoutProof = "c=biws,r=" + nonce(serverFirst) + ",x=1,z=2";
        assertThat(text(server.last(proven(clientBare, serverFirst, withoutProof))))
                .startsWith("v=");
    }

    @ParameterizedTest
    @CsvSource({"SCRAM-SHA-1", "PLAIN", "''", "SCRAM-SHA-256-PLUS"})
    void mechanismsThatWereNotOfferedAreRefused(String mechanism) {
        assertViolation(
                SqlState.PROTOCOL_VIOLATION,
                "client selected an invalid SASL authentication mechanism",
                () -> new ScramServer(SECRET, mechanism, null));
    }

    @Test
    void aWrongPasswordIsRefused() {
        ScramServer server = new ScramServer(SECRET);
        ScramClient client = new ScramClient("pencil2");
        byte[] clientFinal = client.last(server.first(client.first()));
        assertViolation(SqlState.INVALID_PASSWORD, "password authentication failed", () -> server.last(clientFinal));
    }

    @Test
    void noPasswordFitsAMock() {
        ScramServer server = new ScramServer(ScramSecret.mock(new byte[32], "nobody"));
        ScramClient client = new ScramClient("");
        byte[] clientFinal = client.last(server.first(client.first()));
        assertViolation(SqlState.INVALID_PASSWORD, "password authentication failed", () -> server.last(clientFinal));
    }

    @Test
    void aServerThatDoesNotKnowThePasswordIsRefused() {
        ScramClient client = new ScramClient("pencil", "", "abc");
        client.first();
        client.last(bytes("r=abcdef,s=AAAA,i=1"));
        assertViolation(
                SqlState.PROTOCOL_VIOLATION,
                "wrong SCRAM server signature: the server does not know the password",
                () -> client.verify(bytes("v=" + Base64.getEncoder().encodeToString(new byte[32]))));
        assertThat(client.isVerified()).isFalse();
    }

    @Test
    void stepsOutOfOrderAreProgrammingErrors() {
        ScramServer server = new ScramServer(SECRET);
        assertThatIllegalStateException().isThrownBy(() -> server.last(bytes("x")));
        server.first(bytes("n,,n=,r=abc"));
        assertThatIllegalStateException().isThrownBy(() -> server.first(bytes("n,,n=,r=abc")));
        assertThatThrownBy(() -> server.last(bytes("x"))).isInstanceOf(ProtocolViolation.class);
        assertThatIllegalStateException().as("after a failure").isThrownBy(() -> server.last(bytes("x")));
        ScramClient client = new ScramClient("pencil");
        assertThatIllegalStateException().isThrownBy(() -> client.verify(bytes("v=")));
        assertThatIllegalStateException().isThrownBy(() -> client.last(bytes("r=")));
        assertThatIllegalStateException().isThrownBy(() -> new ScramClient().last(bytes("r=")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                            | 08P01",
                "n                             | 08P01",
                "n,                            | 08P01",
                "n,,                           | 08P01",
                "x,,n=,r=abc                   | 08P01",
                "n,,r=abc                      | 08P01",
                "n,,n=                         | 08P01",
                "n,,n=,                        | 08P01",
                "n,,n=,r=                      | 08P01",
                "n,,n=,r                       | 08P01",
                "n,,n=,r=a b                   | 08P01",
                "n,,n=,r=\u00e9                | 08P01",
                "n,,n=,r=abc,                  | 08P01",
                "n,,n=,r=abc,x                 | 08P01",
                "n,,n=,r=abc,1=2               | 08P01",
                "n,,m=ext,n=,r=abc             | 0A000",
                "n,a=admin,n=,r=abc            | 0A000",
                "p=tls-unique,,n=,r=abc        | 08P01",
                "p=tls-server-end-point,,n=,r=abc | 08P01",
                "p,,n=,r=abc                   | 08P01",
            })
    void malformedFirstMessagesAreViolations(String message, String code) {
        assertThatThrownBy(() -> new ScramServer(SECRET).first(bytes(message)))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state().code()).isEqualTo(code));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "c=biws",
                "c=biws,",
                "c=biws,r=NONCE",
                "c=biws,r=NONCE,",
                "c=biws,r=NONCE,x=1",
                "r=NONCE,p=PROOF",
                "c=biws,p=PROOF",
                "c=biws,r=NONCE,p=",
                "c=biws,r=NONCE,p=AAAA",
                "c=biws,r=NONCE,p=!!",
                "c=biws,r=NONCE,p=PROOF,x=1",
                "c=biws,r=NONCE,p=PROOF,",
                "c=biws,r=NONCEx,p=PROOF",
                "c=biws,r=x,p=PROOF",
                "c=eSws,r=NONCE,p=PROOF",
                "c=,r=NONCE,p=PROOF",
                "c=!,r=NONCE,p=PROOF",
            })
    void malformedFinalMessagesAreViolations(String message) {
        ScramServer server = new ScramServer(SECRET);
        String nonce = nonce(server.first(bytes("n,,n=,r=abc")));
        String proof = Base64.getEncoder().encodeToString(new byte[32]);
        assertThatThrownBy(
                        () -> server.last(bytes(message.replace("NONCE", nonce).replace("PROOF", proof))))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state()).isEqualTo(SqlState.PROTOCOL_VIOLATION));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "r=NONCE",
                "r=NONCEx",
                "r=NONCE,s=AAAA,i=1",
                "r=xNONCE,s=AAAA,i=1",
                "r=NONCEx,i=1",
                "r=NONCEx,s=,i=1",
                "r=NONCEx,s=!,i=1",
                "r=NONCEx,s=AAAA",
                "r=NONCEx,s=AAAA,i=",
                "r=NONCEx,s=AAAA,i=0",
                "r=NONCEx,s=AAAA,i=-1",
                "r=NONCEx,s=AAAA,i=1000001",
                "r=NONCEx,s=AAAA,i=4294967296",
                "r=NONCEx,s=AAAA,i=99999999999999999999",
                "r=NONCEx,s=AAAA,i=1x",
                "r=NONCEx,s=AAAA,i=1,",
                "m=x,r=NONCEx,s=AAAA,i=1",
                "r=NONCEx\0,s=AAAA,i=1",
                "r=LONG,s=AAAA,i=1",
                "r=NONCEx,s=LONG,i=1",
            })
    void aServersMalformedOrExcessiveChallengeIsAViolation(String message) {
        ScramClient client = new ScramClient("pencil", "", "abc");
        client.first();
        String longText = "abcd".repeat(129);
        assertThatThrownBy(() ->
                        client.challenge(bytes(message.replace("NONCE", "abc").replace("LONG", longText))))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state()).isEqualTo(SqlState.PROTOCOL_VIOLATION));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v", "v=", "v=!", "e=other-error", "x=1", "v=AAAA", "v=AAAA,"})
    void aServersMalformedFinalMessageIsAViolation(String message) {
        ScramClient client = new ScramClient("pencil", "", "abc");
        client.first();
        client.last(bytes("r=abcdef,s=AAAA,i=1"));
        assertThatThrownBy(() -> client.verify(bytes(message))).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void messagesLongerThanTheirBoundAreRefusedUnread() {
        byte[] message = bytes("n,,n=" + "u".repeat(2_000) + ",r=abc");
        assertViolation(
                SqlState.PROTOCOL_VIOLATION,
                "malformed SCRAM message: it is longer than 1024 bytes",
                () -> new ScramServer(SECRET).first(message));
    }

    @Test
    void anyMutationIsAViolationAndNothingElse() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            ScramServer server = new ScramServer(SECRET, ScramServer.MECHANISM, null, "server");
            ScramClient client = new ScramClient("pencil", "", "client");
            try {
                byte[] serverFirst = server.first(mutate(client.first(), random));
                client.challenge(mutate(serverFirst, random));
                server.last(mutate(bytes("c=biws,r=clientserver,p=" + "A".repeat(43) + "="), random));
                throw new AssertionError("a wrong proof was accepted (seed " + seed + ")");
            } catch (ProtocolViolation expected) {
                assertThat(expected.getMessage()).as("seed %d", seed).isNotBlank();
            }
        }
    }

    private static byte[] mutate(byte[] message, Random random) {
        byte[] mutant = message.clone();
        if (random.nextInt(3) == 0) {
            byte[] favourites = {',', '=', 'r', 0, -1, (byte) random.nextInt()};
            mutant[random.nextInt(mutant.length)] = favourites[random.nextInt(favourites.length)];
        }
        return mutant;
    }

    /** The final message of a client that knows the password. */
    private static byte[] proven(String clientBare, byte[] serverFirst, String withoutProof) {
        ScramKeys keys = ScramKeys.derive("pencil", SALT, 64);
        byte[] signed = bytes(clientBare + "," + text(serverFirst) + "," + withoutProof);
        byte[] signature = ScramCrypto.hmac(SECRET.storedKey(), signed);
        return bytes(withoutProof + ",p=" + ScramCrypto.base64(ScramCrypto.xor(keys.clientKey(), signature)));
    }

    private static String nonce(byte[] serverFirst) {
        return text(serverFirst).split(",")[0].substring(2);
    }

    private static void assertViolation(SqlState state, String message, Runnable step) {
        assertThatThrownBy(step::run)
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state()).isEqualTo(state))
                .hasMessage(message);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }
}
