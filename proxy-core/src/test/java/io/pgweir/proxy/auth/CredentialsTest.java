package io.pgweir.proxy.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.LiveConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What backends log in with lives as long as somebody needs it. */
class CredentialsTest {
    @TempDir
    private Path directory;

    private Credentials credentials = null;
    private DatabaseConfig database = null;

    @BeforeEach
    void aDatabaseThatIsAsked() throws IOException {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, """
                databases: {d: {host: db, auth_user: asks, auth_password: x}}
                users: {known: {password: y}}
                """);
        LiveConfig live =
                new LiveConfig(ConfigLoader.load(new ConfigSources(Map.of("config", file.toString()), Map.of())));
        credentials = new Credentials(live);
        database = live.config().database("d");
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
        assertThat(credentials.of(database, "u")).as("nobody needs them").isNotSameAs(own);
    }

    @Test
    void thoseWithoutAPoolAreBounded() {
        BackendCredentials first = credentials.of(database, "u");
        BackendCredentials configured = credentials.hold(database, "known").credentials();
        others();
        assertThat(credentials.of(database, "u")).isNotSameAs(first);
        assertThat(credentials.of(database, "known")).isSameAs(configured);
    }
}
