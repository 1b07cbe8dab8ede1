package io.pgweir.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.protocol.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a client's proof shows is enough to log in elsewhere, where the same secret is stored, and nowhere else. */
class ScramPassThroughTest {
    private static final ScramSecret SECRET = secret("0123456789abcdef");

    private static ScramSecret secret(String salt) {
        return ScramSecret.derive("sesame", salt.getBytes(StandardCharsets.US_ASCII), 10);
    }

    private static ScramKeys proved(ScramSecret secret, String password) {
        ScramClient client = new ScramClient(password);
        ScramServer server = new ScramServer(secret);
        client.verify(server.last(client.last(server.first(client.first()))));
        return server.proved();
    }

    @Test
    void whoHasSeenAProofCanLogInWhereTheSameSecretIsStored() {
        ScramKeys keys = proved(SECRET, "sesame");
        assertThat(SECRET.fits(keys)).isTrue();
        ScramClient client = new ScramClient();
        ScramServer server = new ScramServer(ScramSecret.parse(SECRET.format()));
        ScramClient.Challenge challenge = client.challenge(server.first(client.first()));
        assertThat(challenge.iterations()).isEqualTo(10);
        client.verify(server.last(client.last(keys)));
        assertThat(client.isVerified()).isTrue();
    }

    @Test
    void butNotWhereItIsStoredWithAnotherSalt() {
        ScramSecret other = secret("fedcba9876543210");
        ScramKeys keys = proved(SECRET, "sesame");
        assertThat(other.fits(keys)).isFalse();
        ScramClient client = new ScramClient();
        ScramServer server = new ScramServer(other);
        client.challenge(server.first(client.first()));
        assertThatThrownBy(() -> server.last(client.last(keys))).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void aWrongProofShowsNothing() {
        ScramClient client = new ScramClient("wrong");
        ScramServer server = new ScramServer(SECRET);
        byte[] last = client.last(server.first(client.first()));
        assertThatThrownBy(() -> server.last(last)).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(server::proved).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void hashesByMd5() {
        String stored = Md5Password.stored("user", "password");
        assertThat(Md5Password.isStored(stored)).isTrue();
        byte[] salt = {1, 2, 3, 4};
        assertThat(Md5Password.answer(stored, salt)).isEqualTo(Md5Password.hash("user", "password", salt));
        assertThat(Md5Password.isStored(stored.toUpperCase(java.util.Locale.ROOT)))
                .isFalse();
        assertThat(Md5Password.isStored(stored + "0")).isFalse();
    }
}
