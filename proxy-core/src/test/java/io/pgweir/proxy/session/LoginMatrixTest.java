package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgweir.proxy.testkit.LoginRoles;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every method of clients, with every form that a password is known in, and the right, a wrong and no password: only who is
 * right comes in, and then reaches the server.
 */
class LoginMatrixTest {
    private static final List<String> METHODS = List.of("scram-sha-256", "md5", "password");

    private final RealPostgres postgres = RealPostgres.get();

    @TempDir
    private Path directory;

    /** Each method for a database of its name. */
    private RunningProxy proxy(String users) throws Exception {
        Path hba = directory.resolve("hba.conf");
        StringBuilder rules = new StringBuilder();
        StringBuilder yaml = new StringBuilder("auth_hba_file: hba.conf\ndatabases:\n");
        for (String method : METHODS) {
            rules.append("host ")
                    .append(method)
                    .append(" all all ")
                    .append(method)
                    .append('\n');
            yaml.append("  ").append(method).append(": {host: ").append(postgres.host());
            yaml.append(", port: ").append(postgres.port()).append(", dbname: postgres}\n");
        }
        Files.writeString(hba, rules.toString());
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, yaml + "users:\n" + users);
        return RunningProxy.with(file, "failed_login_limit", "off");
    }

    private static void check(RunningProxy proxy, String user, String password, String... allowed) throws Exception {
        for (String method : METHODS) {
            String right = LoginAttempt.at(proxy, method, user, password).outcome();
            if (List.of(allowed).contains(method)) {
                assertThat(right).as("%s, right", method).isEqualTo("in as " + user);
            } else {
                assertThat(right).as("%s, right", method).startsWith("28P01 ");
            }
            for (String wrong : List.of("wrong", "", password + " ", password.toUpperCase())) {
                assertThat(LoginAttempt.at(proxy, method, user, wrong).outcome())
                        .as("%s, '%s'", method, wrong)
                        .isEqualTo("28P01 password authentication failed for user \"" + user + "\"");
            }
        }
    }

    @Test
    void aPassword() throws Exception {
        TestRole role = TestRole.SCRAM;
        try (RunningProxy proxy = proxy("  " + role.user() + ": {password: " + role.password() + "}\n")) {
            check(proxy, role.user(), role.password(), "scram-sha-256", "md5", "password");
        }
    }

    @Test
    void aScramVerifier() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        TestRole role = TestRole.SCRAM;
        String verifier = new LoginRoles(postgres).stored(role.user());
        assertThat(verifier).startsWith("SCRAM-SHA-256$");
        try (RunningProxy proxy = proxy("  " + role.user() + ": {password: '" + verifier + "'}\n")) {
            check(proxy, role.user(), role.password(), "scram-sha-256", "md5", "password");
            assertThat(LoginAttempt.at(proxy, "password", role.user(), verifier).outcome())
                    .as("the verifier is no password")
                    .startsWith("28P01 ");
        }
    }

    @Test
    void anMd5Hash() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        TestRole role = TestRole.MD5;
        String hash = new LoginRoles(postgres).stored(role.user());
        assertThat(hash).startsWith("md5");
        try (RunningProxy proxy = proxy("  " + role.user() + ": {password: " + hash + "}\n")) {
            check(proxy, role.user(), role.password(), "md5", "password");
            assertThat(LoginAttempt.at(proxy, "password", role.user(), hash).outcome())
                    .as("the hash is no password")
                    .startsWith("28P01 ");
        }
    }

    @Test
    void nobody() throws Exception {
        try (RunningProxy proxy = proxy("  somebody: {password: x}\n  nothing: {max_clients: 5}\n")) {
            check(proxy, "nobody", "x");
            check(proxy, "nothing", "x");
            assertThat(proxy.proxy().pools().pools()).isEmpty();
        }
    }

    @Test
    void whoDoesNotExistIsAskedTheSame() throws Exception {
        TestRole role = TestRole.SCRAM;
        try (RunningProxy proxy = proxy("  " + role.user() + ": {password: " + role.password() + "}\n")) {
            for (String method : METHODS) {
                String known =
                        LoginAttempt.at(proxy, method, role.user(), "wrong").exchange();
                String unknown =
                        LoginAttempt.at(proxy, method, "nobody", "wrong").exchange();
                String other = LoginAttempt.at(proxy, method, "noone", "wrong").exchange();
                assertThat(shape(unknown)).isEqualTo(shape(known));
                assertThat(LoginAttempt.at(proxy, method, "nobody", "wrong").exchange())
                        .as("the same salt every time")
                        .isEqualTo(unknown);
                if (!method.equals("password")) {
                    assertThat(unknown).contains("i=4096").isNotEqualTo(other);
                }
            }
        }
    }

    private static String shape(String exchange) {
        return exchange.replaceAll("s=[A-Za-z0-9+/=]{24},", "s=SALT,").replaceAll("user \".*\"", "user");
    }
}
