package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.auth.ScramSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings about who may come in. */
class AuthSettingsTest {
    private static final String VERIFIER = ScramSecret.derive(
                    "sesame", "0123456789abcdef".getBytes(StandardCharsets.US_ASCII), 1)
            .format();
    private static final String HASH = "md5" + "0123456789abcdef".repeat(2);

    @TempDir
    private Path directory;

    private final Map<String, String> flags = new HashMap<>();

    private LoadedConfig load(String yaml) throws IOException {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, yaml);
        flags.put("config", file.toString());
        return ConfigLoader.load(new ConfigSources(flags, Map.of("SECRET", VERIFIER)));
    }

    private ProxyConfig good(String yaml) throws IOException {
        LoadedConfig loaded = load(yaml);
        assertThat(loaded.problems()).isEmpty();
        return loaded.config().orElseThrow();
    }

    /** Without the directory. */
    private List<String> problems(String yaml) throws IOException {
        return load(yaml).problems().stream()
                .map(problem -> problem.toString().replace(directory + "/", ""))
                .toList();
    }

    @Test
    void aPasswordIsWhatPostgresWouldTakeItFor() throws IOException {
        ProxyConfig config = good("""
                databases: {d: {host: db}}
                client_auth: md5
                users:
                  a: {password: sesame}
                  b: {password: %s}
                  c: {password_env: SECRET}
                  d: {password: %s}
                  f: {password: md5abc, max_clients: 7}
                """.formatted(VERIFIER, HASH));
        assertThat(stored(config, "a")).isInstanceOf(StoredPassword.Plain.class);
        assertThat(stored(config, "b")).isInstanceOf(StoredPassword.Verifier.class);
        assertThat(stored(config, "c")).isEqualTo(stored(config, "b"));
        assertThat(stored(config, "d")).isInstanceOf(StoredPassword.Md5.class);
        assertThat(stored(config, "f")).isInstanceOf(StoredPassword.Plain.class);
        assertThat(config.access().mostOf("f")).isEqualTo(7);
        assertThat(config.toString() + stored(config, "b") + stored(config, "d"))
                .doesNotContain(VERIFIER.substring(VERIFIER.lastIndexOf(':')))
                .doesNotContain("sesame")
                .doesNotContain(HASH);
    }

    private static StoredPassword stored(ProxyConfig config, String user) {
        return StoredPassword.of(config.user(user).password());
    }

    @Test
    void whatLooksLikeAVerifierAndIsNoneIsNoPassword() throws IOException {
        String many = VERIFIER.replace("$1:", "$1000001:");
        Files.writeString(directory.resolve("secret"), HASH + "0\n");
        List<String> problems = problems("""
                databases:
                  d: {host: db, user: o, password: %s}
                  e: postgresql://p:%s@db/e
                  f: {host: db, auth_user: asks, auth_password_file: secret}
                client_auth: md5
                users:
                  a: {password: %s}
                  b: {password: %s}
                  c: {password: md5abc}
                """.formatted(
                        VERIFIER.substring(0, VERIFIER.length() - 5),
                        HASH.toUpperCase().replace("MD5", "md5"),
                        many,
                        HASH.substring(0, 34)));
        assertThat(problems).hasSize(5);
        assertThat(problems)
                .anyMatch(each ->
                        each.startsWith("pgweir.yaml:2:36: the password begins as a SCRAM verifier and is none"))
                .anyMatch(each -> each.startsWith("pgweir.yaml:3:6: the password looks like an MD5 hash and is none"))
                .anyMatch(
                        each -> each.startsWith("pgweir.yaml:4:54: auth_password_file: the password looks like an MD5"))
                .anyMatch(each -> each.startsWith("pgweir.yaml:7:17: ") && each.contains("1 to 1000000 iterations"))
                .anyMatch(each -> each.startsWith("pgweir.yaml:8:17: ") && each.contains("this has 31 behind md5"));
        assertThat(problems.toString())
                .doesNotContain(HASH.substring(3, 20))
                .doesNotContain(VERIFIER.substring(20, 40));
    }

    @Test
    void anMd5HashNeedsAMethodThatCanUseIt() throws IOException {
        String yaml = "databases: {d: {host: db}}\nusers: {u: {password: " + HASH + "}}\n";
        assertThat(problems(yaml))
                .containsExactly(
                        "--client-auth: client_auth is scram, and the password of user 'u' is an MD5 hash, which"
                                + " SCRAM cannot be done with: choose client_auth md5, or store a SCRAM verifier");
        good(yaml + "client_auth: password\n");
    }

    @Test
    void whatAsksTheDatabase() throws IOException {
        Files.writeString(directory.resolve("secret"), "from-file\n");
        ProxyConfig config = good("""
                databases:
                  a: {host: db, dbname: real}
                  b: {host: db, auth_user: other, auth_password: own, auth_dbname: admin, auth_query_ttl: 1m}
                  c: postgresql://owner:pw@db/c?auth_user=owner
                  d: {host: db, auth_user: known}
                  "*": {host: db}
                users: {known: {password: configured}}
                auth_user: asks
                auth_password_file: secret
                """);
        AuthQuerySettings a = config.database("a").authQuery();
        assertThat(a.user()).isEqualTo("asks");
        assertThat(a.password()).isEqualTo(new Secret("from-file"));
        assertThat(a.database()).isEqualTo("real");
        assertThat(a.query()).isEqualTo(AuthQuerySettings.DEFAULT_QUERY);
        assertThat(a.ttl()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.database("any").authQuery().database()).isEqualTo("postgres");
        AuthQuerySettings b = config.database("b").authQuery();
        assertThat(b.user() + " " + b.database() + " " + b.ttl()).isEqualTo("other admin PT1M");
        assertThat(b.password()).isEqualTo(new Secret("own"));
    }

    @Test
    void thePasswordOfTheAskingRoleMayBeKnownAlready() throws IOException {
        ProxyConfig config = good("""
                databases:
                  c: postgresql://owner:pw@db/c?auth_user=owner
                  d: {host: db, auth_user: known}
                  e: {host: db, auth_user: stranger}
                users: {known: {password: configured}}
                """);
        assertThat(config.database("c").authQuery().password()).isEqualTo(new Secret("pw"));
        assertThat(config.database("d").authQuery().password()).isEqualTo(new Secret("configured"));
        assertThat(config.database("e").authQuery().password()).isNull();
        assertThat(config.toString()).doesNotContain("configured");
    }

    @Test
    void whatIsWrongWithThat() throws IOException {
        assertThat(problems("""
                databases:
                  a: {host: db, auth_query: SELECT 1}
                  b: {host: db, auth_user: v}
                  c: {host: db, max_clients: some}
                users: {v: {password: %s}}
                """.formatted(VERIFIER)))
                .containsExactlyInAnyOrder(
                        "pgweir.yaml:2:29: auth_query has no $1, which stands for the name of the user: write it without"
                                + " quotation marks, as in SELECT name, password FROM pgweir.lookup($1)",
                        "pgweir.yaml:2:29: auth_query needs auth_user, the role that asks",
                        "pgweir.yaml:3:3: auth_user 'v' has a SCRAM verifier only, with which pgweir cannot log in: give"
                                + " its password as auth_password or auth_password_file",
                        "pgweir.yaml:4:30: 'some' is not a whole number: write a number from 0 to 1000000, or off");
    }

    @Test
    void aFileOfRulesIsReadBesideTheConfigurationAndAllItsProblemsAreTold() throws IOException {
        Files.writeString(
                directory.resolve("hba.conf"),
                "host all all x trust\nhost all all all peer\nhostssl all all all cert\n");
        String yaml = "databases: {d: {host: db}}\nauth_hba_file: hba.conf\n";
        List<String> problems = problems(yaml);
        assertThat(problems).hasSize(3);
        assertThat(problems.get(0)).startsWith("hba.conf:1: \"x\" is no IP address");
        assertThat(problems.get(1)).startsWith("hba.conf:2: authentication method \"peer\"");
        assertThat(problems.get(2)).startsWith("hba.conf:3: this line looks at certificates of clients: name the file");
        Files.writeString(directory.resolve("hba.conf"), "host all all all scram-sha-256\n");
        assertThat(good(yaml).access().hba().rules()).hasSize(1);
        assertThat(problems("databases: {d: {host: db}}\nauth_hba_file: gone.conf\n"))
                .containsExactly("pgweir.yaml:2:16: there is no file 'gone.conf'");
    }
}
