package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What clients bring is kept as long as the verifier is the same. */
class BackendCredentialsTest {
    private static final byte[] SALT = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OTHER = "fedcba9876543210".getBytes(StandardCharsets.US_ASCII);

    private static StoredPassword verifier(byte[] salt) {
        return Objects.requireNonNull(StoredPassword.of(
                new Secret(ScramSecret.derive("sesame", salt, 1).format())));
    }

    private static ScramKeys keys(byte[] salt) {
        return ScramKeys.derive("sesame", salt, 1);
    }

    @Test
    void aVerifierAloneIsNotEnoughUntilAClientHasProvedItself() {
        BackendCredentials credentials = BackendCredentials.of(verifier(SALT));
        assertThat(credentials.suffice()).as("nobody has asked yet").isTrue();
        assertThat(credentials.lacking("u")).contains("only from a client");
        assertThat(credentials.suffice()).isFalse();
        int before = credentials.version();

        credentials.proved(verifier(OTHER), keys(OTHER));
        assertThat(credentials.suffice()).as("not the configured one").isFalse();

        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.suffice()).isTrue();
        assertThat(credentials.version()).isNotEqualTo(before);
        assertThat(credentials.lacking("u")).isNull();
        assertThat(credentials.keysFor(SALT, 1)).isNotNull();
        assertThat(credentials.keysFor(OTHER, 1)).isNull();
        assertThat(credentials.keysFor(SALT, 2)).isNull();
        assertThat(credentials.cleartext()).isNull();
        assertThat(credentials.md5("u", new byte[4])).isNull();
        int after = credentials.version();
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.version()).as("no news").isEqualTo(after);
        credentials.replace(null);
        assertThat(credentials.keysFor(SALT, 1)).as("of the configuration").isNotNull();
    }

    @Test
    void whatTheDatabaseSaysOtherwiseIsForgotten() {
        BackendCredentials credentials = BackendCredentials.broughtByClients();
        assertThat(credentials.lacking("u")).isNotNull();
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.keysFor(SALT, 1)).isNotNull();
        credentials.replace(verifier(SALT));
        assertThat(credentials.keysFor(SALT, 1)).as("the same").isNotNull();
        credentials.replace(verifier(OTHER));
        assertThat(credentials.keysFor(SALT, 1)).isNull();
        assertThat(credentials.lacking("u")).isNotNull();
        credentials.proved(verifier(OTHER), keys(OTHER));
        credentials.replace(null);
        assertThat(credentials.keysFor(OTHER, 1)).isNull();
    }

    @Test
    void aServerWithAnotherVerifierEndsAttemptsThatAreInVain() {
        BackendCredentials credentials = BackendCredentials.broughtByClients();
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.other("u", OTHER, 1)).contains("it has been changed");
        assertThat(credentials.suffice()).isFalse();
        assertThat(credentials.keysFor(SALT, 1))
                .as("another server may still take them")
                .isNotNull();
        int before = credentials.version();
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.suffice())
                .as("each client is worth another attempt")
                .isTrue();
        assertThat(credentials.version()).isNotEqualTo(before);
        credentials.other("u", OTHER, 1);
        credentials.proved(verifier(OTHER), keys(OTHER));
        assertThat(credentials.suffice()).isTrue();
    }

    @Test
    void aLoginThatBeganBeforeAChangeDoesNotUndoIt() {
        BackendCredentials credentials = BackendCredentials.broughtByClients();
        credentials.proved(verifier(SALT), keys(SALT));
        credentials.replace(verifier(OTHER));
        credentials.proved(verifier(OTHER), keys(OTHER));
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.keysFor(OTHER, 1)).isNotNull();
        assertThat(credentials.keysFor(SALT, 1)).isNull();
        credentials.replace(null);
        credentials.proved(verifier(OTHER), keys(OTHER));
        assertThat(credentials.keysFor(OTHER, 1))
                .as("the role has none any more")
                .isNull();
    }

    @Test
    void whatAClientHasBroughtMeanwhileIsNotThrownAway() {
        BackendCredentials credentials = BackendCredentials.broughtByClients();
        credentials.proved(verifier(SALT), keys(SALT));
        assertThat(credentials.keysFor(OTHER, 1)).as("a server asks for it").isNull();
        credentials.proved(verifier(OTHER), keys(OTHER));
        credentials.other("u", OTHER, 1);
        assertThat(credentials.suffice()).isTrue();
        assertThat(credentials.keysFor(OTHER, 1)).isNotNull();
    }

    @Test
    void keysAreOfThePasswordThatTheyWereDerivedOf() {
        StoredPassword.Plain plain = new StoredPassword.Plain(new Secret("sesame"));
        BackendCredentials credentials = BackendCredentials.of(plain);
        credentials.remember(new StoredPassword.Plain(new Secret("else")), SALT, 1, keys(SALT));
        assertThat(credentials.keysFor(SALT, 1)).isNull();
        credentials.remember(plain, SALT, 1, keys(SALT));
        assertThat(credentials.keysFor(SALT, 1)).isNotNull();
        assertThat(credentials.cleartext()).isEqualTo("sesame");
    }
}
