package io.pgweir.proxy.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What backends log in with lives as long as somebody needs it. */
class CredentialsTest {
    private static final StoredPassword HASH = new StoredPassword.Md5(new Secret("md5" + "0".repeat(32)));

    private static final byte[] SALT = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final String VERIFIER = ScramSecret.derive("sesame", SALT, 1).format();
    private static final ScramKeys KEYS = ScramKeys.derive("sesame", SALT, 1);

    @TempDir
    private Path directory;

    private Credentials credentials = null;
    private DatabaseConfig database = null;

    private LiveConfig live = null;

    @BeforeEach
    void aDatabaseThatIsAsked() throws IOException {
        live = new LiveConfig(load("""
                databases: {d: {host: db, auth_user: asks, auth_password: x}}
                users: {known: {password: y}}
                """));
        credentials = new Credentials(live);
        database = live.config().database("d");
    }

    private LoadedConfig load(String lines) throws IOException {
        Path file = Files.writeString(directory.resolve("pgweir.yaml"), lines);
        return ConfigLoader.load(new ConfigSources(Map.of("config", file.toString()), Map.of()));
    }

    private DatabaseConfig reload(String lines) throws IOException {
        live.publish(load(lines));
        credentials.configured();
        return live.config().database("d");
    }

    private void others() {
        for (int i = 0; i < Credentials.MOST_UNUSED; i++) {
            credentials.of(database, "other" + i);
        }
    }

    @Test
    void thoseOfAPoolStayAndAreTheSameForWhoeverAsks() {
        BackendCredentials own = credentials.of(database, "u");
        Credentials.Lease first = credentials.hold(database, "u");
        assertThat(first.credentials()).as("brought before the pool was there").isSameAs(own);
        others();
        assertThat(credentials.of(database, "u")).isSameAs(own);
        Credentials.Lease second = credentials.hold(database, "u");
        assertThat(second.credentials()).as("another pool").isSameAs(own);
        credentials.release(first);
        others();
        assertThat(credentials.of(database, "u")).as("one pool is left").isSameAs(own);
        credentials.release(second);
        assertThat(credentials.of(database, "u"))
                .as("of the pool that has just gone")
                .isSameAs(own);
        others();
        assertThat(credentials.of(database, "u")).as("nobody needs them").isNotSameAs(own);
    }

    @Test
    void whatAClientHasBroughtOutlastsThePoolThatGoesBeforeItsOwnIsMade() throws IOException {
        DatabaseConfig verified =
                reload("databases: {d: {host: db}}\nusers: {known: {password: '" + VERIFIER + "'}}\n");
        Credentials.Lease leaving = credentials.hold(verified, "known");
        StoredPassword stored = Objects.requireNonNull(StoredPassword.of(new Secret(VERIFIER)));
        credentials.of(verified, "known").proved(stored, KEYS);
        credentials.release(leaving);
        Credentials.Lease next = credentials.hold(verified, "known");
        assertThat(next.credentials().areComplete()).isTrue();
        credentials.release(next);
        reload("databases: {d: {host: db}}\nusers: {known: {password: '" + VERIFIER + "', max_clients: 3}}\n");
        assertThat(credentials.of(verified, "known").areComplete())
                .as("the same is configured")
                .isTrue();
        reload("databases: {d: {host: db}}\nusers: {other: {password: y}}\n");
        DatabaseConfig again = reload("databases: {d: {host: db}}\nusers: {known: {password: '" + VERIFIER + "'}}\n");
        assertThat(credentials.of(again, "known").areComplete())
                .as("was removed meanwhile")
                .isFalse();
    }

    @Test
    void aPasswordServesUntilAClientHasBroughtWhatItsVerifierTakes() throws IOException {
        Credentials.Lease plain = credentials.hold(database, "known");
        DatabaseConfig verified =
                reload("databases: {d: {host: db}}\nusers: {known: {password: '" + VERIFIER + "'}}\n");
        credentials.hold(verified, "known"); // by another pool, to which nobody has brought anything either
        assertThat(credentials.isOvertaken(plain, verified, "known")).isFalse();
        assertThat(credentials.isCurrent(plain, verified, "known")).isFalse();
        assertThat(credentials.isLast(plain, verified, "known")).isFalse();
        assertThat(credentials.follow(plain, verified, "known")).isSameAs(plain);
        StoredPassword stored = Objects.requireNonNull(StoredPassword.of(new Secret(VERIFIER)));
        credentials.of(verified, "known").proved(stored, KEYS);
        assertThat(credentials.isOvertaken(plain, verified, "known")).isTrue();
        Credentials.Lease keys = credentials.follow(plain, verified, "known");
        assertThat(keys.credentials().areComplete()).isTrue();
        DatabaseConfig other = reload("databases: {d: {host: db}}\nusers: {known: {password: z}}\n");
        assertThat(credentials.follow(keys, other, "known"))
                .as("a password needs nothing of a client")
                .isNotSameAs(keys);
    }

    @Test
    void aUserWhoIsGoneLosesNothingEvenBeforeEverythingHasHeardOfIt() throws IOException {
        Credentials.Lease configured = credentials.hold(database, "known");
        live.publish(load("databases: {d: {host: db}}\nusers: {other: {password: y}}\n"));
        DatabaseConfig nothing = live.config().database("d");
        assertThat(credentials.isOvertaken(configured, nothing, "known")).isFalse();
        assertThat(credentials.isLast(configured, nothing, "known")).isTrue();
        assertThat(credentials.follow(configured, nothing, "known")).isSameAs(configured);
    }

    @Test
    void thoseWithoutAPoolAreBounded() {
        BackendCredentials first = credentials.of(database, "u");
        BackendCredentials configured = credentials.hold(database, "known").credentials();
        others();
        assertThat(credentials.of(database, "u")).isNotSameAs(first);
        assertThat(credentials.of(database, "known")).isSameAs(configured);
    }

    @Test
    void aPoolGoesOnWithWhatItHasUntilAClientBringsSomethingElse() throws IOException {
        Credentials.Lease configured = credentials.hold(database, "known");
        DatabaseConfig asked = reload("""
                databases: {d: {host: db, auth_user: asks, auth_password: x}}
                """);
        assertThat(credentials.isCurrent(configured, asked, "known")).isFalse();
        assertThat(credentials.follow(configured, asked, "known")).isSameAs(configured);
        credentials.of(asked, "known").proved(HASH, null);
        Credentials.Lease brought = credentials.follow(configured, asked, "known");
        assertThat(brought.credentials()).isSameAs(credentials.of(asked, "known"));
        assertThat(credentials.isCurrent(brought, asked, "known")).isTrue();
        assertThat(credentials.follow(brought, asked, "known")).isSameAs(brought);

        DatabaseConfig nothing = reload("""
                databases: {d: {host: db}}
                users: {other: {password: y}}
                """);
        assertThat(credentials.follow(brought, nothing, "known"))
                .as("there is nothing of the user any more")
                .isSameAs(brought);
        DatabaseConfig again = reload("""
                databases: {d: {host: db}}
                users: {known: {password: z}}
                """);
        Credentials.Lease other = credentials.follow(brought, again, "known");
        assertThat(other.credentials().areComplete()).isTrue();
        assertThat(other.credentials()).isNotSameAs(configured.credentials()).isNotSameAs(brought.credentials());
    }

    @Test
    void ofAUserWhoIsThereWithoutAPasswordNothingIsKept() throws IOException {
        Credentials.Lease configured = credentials.hold(database, "known");
        DatabaseConfig without = reload("""
                databases: {d: {host: db}}
                users: {known: {max_clients: 3}, other: {password: y}}
                """);
        Credentials.Lease none = credentials.follow(configured, without, "known");
        assertThat(none.credentials().areComplete()).isFalse();
    }
}
